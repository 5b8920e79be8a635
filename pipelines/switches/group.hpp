#pragma once

#include "pipelines/switches/desktop.hpp"

#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dkvm::detail {

inline constexpr std::uint64_t kLeaseMs = 400;
inline constexpr std::uint64_t kLeaseNs = kLeaseMs * 1'000'000;
inline constexpr std::uint64_t kRenewNs = 200'000'000;
inline constexpr std::uint64_t kAnswerNs = 400'000'000;    // a source has this long to answer
inline constexpr std::uint64_t kReturnNs = 2'000'000'000;  // and to come back, while abroad

// What the group wants done, in this order.
struct GroupAction {
  enum class Kind : std::uint8_t {
    prepare,  // tell the member what to watch at home
    grab,
    renew,
    release,
    open,     // this target has the input from now on, no other
    join,     // what the member sends goes there too from now on, what it holds as well
    changed,  // the state that people see
  };
  Kind kind = Kind::changed;
  std::size_t member = 0;     // of all but open and changed
  std::uint32_t epoch = 0;    // of the first four
  std::size_t target = 0;     // of open
  std::optional<Point> at{};  // open and release: where the pointer comes in
};

// How a wish to go somewhere ended.
struct SwitchOutcome {
  bool done = false;
  Errc code = Errc::denied;  // where it was not done
  std::string reason;
};

// Who has the input: home, or a target that is away from it, for which every
// source that can be grabbed must have said yes. Pure: what it wants done waits in
// take(). Members and targets are numbers below those it was made with.
//
// At home nothing is grabbed. On the way abroad (`wanted() != at()`) the sources are
// asked, and home keeps the input until all have answered. Abroad leases are renewed
// every 200 ms; what goes wrong there leads home, at once.
class Group {
 public:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  // epoch: above all that the members ever heard.
  Group(std::vector<std::string> members, std::vector<std::string> targets, std::size_t home,
        std::uint32_t epoch);

  // --- what happens ------------------------------------------------------------

  // grabbable: it answers Grab. One that is not owns its device: nothing to ask.
  void member_up(std::size_t member, bool grabbable, std::uint64_t now_ns);
  void member_down(std::size_t member, std::uint64_t now_ns);
  // It is up, and answers Grab from now on, or no more. One that begins to goes on sending
  // where the input is until it has answered.
  void member_grabbable(std::size_t member, bool grabbable, std::uint64_t now_ns);
  // Its answer, or that it has given the input back. Returns what is wrong with its
  // watching at home, if that is what it says.
  std::string grabbed(std::size_t member, std::uint32_t epoch, bool granted,
                      const std::string& reason);
  void target_there(std::size_t target, bool there, const std::string& why);
  // What is watched at home has changed.
  void prepare();
  // Nothing is watched any more, for good. Of the members it returns, each must be told
  // under the epoch that comes with it.
  struct Unwatch {
    std::size_t member = 0;
    std::uint32_t epoch = 0;
  };
  std::vector<Unwatch> unwatch();

  // Why a wish for this target would be refused at once; nothing when it would not.
  std::optional<SwitchOutcome> refusal(std::size_t target) const;
  // Somebody wants the input there; at: where the pointer comes in, if that is told.
  // Returns a number for outcome(). A wish that is refused leaves one under way alone.
  std::uint64_t select(std::size_t target, std::string reason, std::optional<Point> at,
                       std::uint64_t now_ns);
  // Trouble: home, whatever was wanted.
  void go_home(const std::string& reason, std::optional<Point> at = {});
  void set_lock(bool locked, std::string reason);

  std::uint64_t due_ns() const;
  void tick(std::uint64_t now_ns);

  // --- how it is -----------------------------------------------------------------

  std::size_t at() const { return at_; }
  std::size_t wanted() const { return wanted_; }
  std::size_t home() const { return home_; }
  bool asking() const { return wanted_ != at_; }
  bool locked() const { return locked_; }
  const std::string& reason() const { return reason_; }
  bool there(std::size_t target) const { return targets_[target].there; }
  std::uint32_t epoch() const { return epoch_; }

  bool up(std::size_t member) const { return members_[member].up; }
  // It was asked for its input, or has given it.
  bool holds(std::size_t member) const { return members_[member].state != Grip::none; }
  // What it sends may go where the input is.
  bool flows(std::size_t member) const;
  // An edge that it names is one of what it watches at present.
  bool watches(std::size_t member, std::uint32_t epoch) const {
    return members_[member].prepared != 0 && epoch >= members_[member].prepared;
  }

  // Nothing while it is not decided. Of the last kOutcomesMax.
  static constexpr std::size_t kOutcomesMax = 64;
  std::optional<SwitchOutcome> outcome(std::uint64_t number) const;

  std::vector<GroupAction> take() { return std::exchange(actions_, {}); }

 private:
  enum class Grip : std::uint8_t { none, asked, granted };
  struct Member {
    std::string name;
    bool up = false;
    bool grabbable = false;
    bool mute = false;  // nothing of it goes abroad until it has said yes
    Grip state = Grip::none;
    std::uint32_t prepared = 0;     // epoch of its last prepare
    std::uint32_t epoch = 0;        // of its last grab
    std::uint64_t due_ns = kNever;  // its answer, or itself where it is away
  };
  struct Target {
    std::string name;
    bool there = true;
    std::string why{};
  };

  void add(GroupAction action) { actions_.push_back(action); }
  void prepare(Member& member);
  void ask(Member& member, std::uint64_t now_ns);
  void release_all(std::optional<Point> at);
  void flip(std::size_t target, std::string reason, std::optional<Point> at);
  void flip_when_granted();
  void give_up(Errc code, const std::string& why);
  void trouble(Errc code, const std::string& why);
  void decide(SwitchOutcome outcome);
  void decide(std::uint64_t wish, SwitchOutcome outcome);
  bool abroad() const { return at_ != home_; }
  std::size_t number_of(const Member& member) const {
    return static_cast<std::size_t>(&member - members_.data());
  }

  std::vector<Member> members_;
  std::vector<Target> targets_;
  const std::size_t home_;
  std::size_t at_;
  std::size_t wanted_;
  std::string wanted_reason_;
  std::optional<Point> wanted_at_;
  bool locked_ = false;
  std::string reason_ = "the start";
  std::uint32_t epoch_;
  std::uint64_t renew_ns_ = kNever;
  std::uint64_t wishes_ = 0;                                      // how many there were
  std::uint64_t undecided_ = 0;                                   // the one under way; 0: none
  std::deque<std::pair<std::uint64_t, SwitchOutcome>> outcomes_;  // of those decided last
  std::vector<GroupAction> actions_;
};

}  // namespace dkvm::detail

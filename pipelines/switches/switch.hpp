#pragma once

#include "pipelines/made.hpp"
#include "pipelines/source_watch.hpp"
#include "pipelines/switches/chords.hpp"
#include "pipelines/switches/group.hpp"
#include "pipelines/switches/layout.hpp"
#include "pipelines/switches/status.hpp"
#include "pipelines/topology.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dkvm::detail {

inline constexpr std::size_t kReasonBytesMax = 200;  // of what a source says
// Sources are told anew what to watch at home no more often: in between the last
// desktop counts.
inline constexpr std::uint64_t kPrepareNsMin = 200'000'000;

// Whether the same sources go to the same targets: what differs is only what moves the
// input, which may change while it is away.
inline bool same_ends(const SwitchSpec& a, const SwitchSpec& b) {
  return a.name == b.name && a.sources == b.sources && a.home == b.home && a.targets == b.targets;
}

// One switch among the router's ports and edges: hears what its sources send, knows the
// desktops of its targets and where the pointer is, and does what its group says.
class Switch {
 public:
  // epoch: above all that its sources ever heard.
  Switch(SwitchSpec spec, std::uint32_t epoch, std::uint64_t kernel_id, RouterHost& host,
         DeviceTable& devices, HeldInput& held, Topology& topology);
  // It is at home: go_home() comes before.
  ~Switch();
  Switch(const Switch&) = delete;
  Switch& operator=(const Switch&) = delete;

  const SwitchSpec& spec() const { return spec_; }
  std::uint32_t epoch() const { return group_.epoch(); }
  SwitchStatus status() const;

  // Other hotkeys and borders, the same ends: whoever has the input keeps it.
  void change_moves(SwitchSpec spec);

  // Devices, ports or pipelines are others now, or a sink has said where its monitors are.
  void refit(std::uint64_t now_ns);
  // Errors: Errc::not_found for a target that it does not have.
  Result<std::uint64_t> select(const SwitchWish& wish, std::uint64_t now_ns);
  std::optional<SwitchOutcome> outcome(std::uint64_t number) const {
    return group_.outcome(number);
  }
  void go_home(const std::string& reason, std::uint64_t now_ns);
  // Sources of its own hear that nothing is watched at home any more, but for those that
  // `others` names: they hear of another switch. The switch is at its end.
  void unwatch(const std::function<bool(const std::string& device)>& others, std::uint64_t now_ns);

  std::uint64_t due_ns() const;
  void tick(std::uint64_t now_ns);

 private:
  using Look = SourceWatch::Look;

  // A device that it takes input from.
  struct Member {
    std::string name;
    std::uint32_t incarnation = 0;   // 0: not there
    std::optional<DeviceId> device;  // also while it is away
    std::optional<PortRef> grabs;    // the port that Grab goes to
    std::string doubt;               // of its watching at home, as last said
  };

  // One source port of a member, while it is open.
  struct Place final : SourceWatch {
    Switch* owner = nullptr;
    std::size_t member = 0;
    std::size_t number = 0;  // among the keyboards of the chords
    CodeBits buttons;        // that are down

    Look see(const Incoming& event) override { return owner->see(*this, event); }
  };

  struct Target {
    std::string pipeline;  // empty: the sources' own machine
    Desktop desktop{};
    std::optional<Pointer> pointer{};
    std::uint64_t stalled_ns = Group::kNever;  // since when nothing gets there
  };

  // The pointer is at a border, and crosses when it has been there long enough.
  struct Crossing {
    std::size_t target;
    Side side;
    std::optional<Point> enter;
    std::uint64_t due_ns;
  };

  // What comes with a wish that is not refused.
  struct Wish {
    std::optional<std::size_t> chord{};  // that said it
    std::optional<bool> lock{};
    std::optional<Point> enter{};
  };

  // --- switch_events.cpp: what the sources send --------------------------------------
  Look see(Place& place, const Incoming& event);
  bool see_key(Place& place, const Incoming& event);
  void see_state(Place& place, const Incoming& event);
  Look see_motion(Place& place, const Incoming& event);
  void see_grabbed(Place& place, const Incoming& event);
  void see_push(Place& place, const Incoming& event);
  void do_hotkey(std::size_t chord, std::uint64_t now_ns);
  std::optional<std::size_t> next_target() const;
  void push(Side side, double along, std::uint64_t now_ns);
  bool may_leave_by_border(std::size_t target) const;
  bool dragging() const;

  // --- switch_targets.cpp ----------------------------------------------------------
  void refit_target(std::size_t number, std::uint64_t now_ns);
  void note_desktop(std::size_t number, const Pipeline& pipeline);
  // When a target that is stalled counts as away; kNever while none is.
  std::uint64_t stall_due_ns() const;
  void set_desktop(std::size_t target, const Desktop& desktop);

  // --- switch.cpp ------------------------------------------------------------------
  void refit_member(std::size_t number, std::uint64_t now_ns);
  void refit_places(std::size_t number, Device& device);
  void forget_places(std::size_t member, const Device* device);
  std::size_t free_number() const;
  std::uint64_t wish_for(std::size_t target, std::string reason, const Wish& wish,
                         std::uint64_t now_ns);
  void watch_at_home(Grab& grab);
  bool keeps_input(std::size_t member) const;
  void note_held(std::size_t member, bool held);
  void prepare_when_due(std::uint64_t now_ns);
  void act(std::uint64_t now_ns);
  void open(const GroupAction& action, std::uint64_t now_ns);
  void join(std::size_t member, std::uint64_t now_ns);
  bool flows(const SourcePort& port) const;
  void send_grab(const GroupAction& action, std::uint64_t now_ns);
  void send(const Grab& grab, std::size_t member, std::uint64_t now_ns);
  void tell() const;
  void cross(std::uint64_t now_ns);
  // The target that has the input, and whose pointer is ours to move.
  Target* pointing();
  PointerMotion motion_in(const Target& target) const;
  std::optional<std::size_t> target_named(std::string_view name) const;

  SwitchSpec spec_;
  const std::uint64_t kernel_id_;
  RouterHost& host_;
  DeviceTable& devices_;
  HeldInput& held_;
  Topology& topology_;

  std::vector<Member> members_;
  std::vector<std::unique_ptr<Place>> places_;
  std::vector<Target> targets_;
  Layout layout_;
  Chords chords_;
  Group group_;
  Desktop watched_desktop_;       // home's, as the sources were told last
  std::vector<Side> watched_;     // the side of each edge that is watched there
  std::uint64_t prepare_ns_ = 0;  // before it the sources are not told anew
  bool prepare_due_ = false;
  std::optional<std::size_t> chord_;  // which leads to where the group goes
  std::optional<bool> lock_;          // once it is there
  std::optional<Crossing> crossing_;
  MadePayloads made_;
  PayloadWriter writer_;
};

}  // namespace dkvm::detail

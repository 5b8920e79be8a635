#include "tools/bench/desk/rounds.hpp"

#include "tools/bench/desk/painter.hpp"
#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/pacer.hpp"
#include "tools/bench/harness/statistics.hpp"
#include "tools/bench/harness/usage.hpp"
#include "tools/xlab/eye.hpp"
#include "tools/xlab/hand.hpp"

#include <dkvm/time.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <random>
#include <thread>

namespace dkvm::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds kSeenTimeMax{1000};
constexpr milliseconds kGoOverTimeMax{10'000};
constexpr milliseconds kTry{300};
constexpr milliseconds kFirstMarkTimeMax{15'000};
constexpr milliseconds kFlagTry{100};
constexpr double kMouseHz = 1000;
constexpr std::array<std::uint16_t, 4> kLetters = {30, 31, 32, 33};  // KEY_A, S, D, F

double us_between(std::uint64_t from_ns, std::uint64_t to_ns) {
  return to_ns < from_ns ? 0 : static_cast<double>(to_ns - from_ns) / 1e3;
}

// Waits for one key; what else comes is passed over.
Result<std::optional<std::uint64_t>> see_key(xlab::InputEye& eye, std::uint16_t code, bool down,
                                             milliseconds timeout) {
  const std::uint64_t end =
      now_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(timeout).count());
  while (now_ns() < end) {
    const auto seen = eye.next(timeout);
    if (seen && seen->is_key() && seen->code == code && seen->down == down) return seen->at_ns;
  }
  return std::nullopt;
}

// One way of the mouse: sends on a thread of its own while the eye looks.
class Sweep {
 public:
  Sweep(const Contender& contender, int pixels, int direction)
      : contender_(contender), direction_(direction), sent_(static_cast<std::size_t>(pixels)) {}

  Result<> run(DeskRound& round) {
    DKVM_TRY(xlab::InputEye eye, xlab::InputEye::at(contender_.far->display()));
    DKVM_TRY(xlab::Hand hand, xlab::Hand::at(contender_.near->display()));
    const double begin = eye.pointer_x();
    eye.forget();
    std::thread thread([&] { send(hand); });
    auto looked = look(eye, begin);
    thread.join();
    DKVM_CHECK(std::move(looked));
    for (std::size_t i = 0; i < sent_.size(); ++i) {
      if (seen_[i] == 0)
        ++round.lost;
      else
        round.latencies_us.push_back(us_between(sent_[i], seen_[i]));
    }
    return {};
  }

 private:
  void send(xlab::Hand& hand) {
    Pacer pacer;
    pacer.start(kMouseHz);
    for (std::size_t done = 0; done < sent_.size();) {
      if (!wait_readable(pacer.fd(), kSeenTimeMax)) return;  // interrupted
      for (std::uint64_t due = pacer.due(); due != 0 && done < sent_.size(); --due)
        sent_[done++] = hand.move(direction_, 0);
    }
  }

  Result<> look(xlab::InputEye& eye, double begin) {
    seen_.assign(sent_.size(), 0);
    for (std::size_t reached = 0; reached < seen_.size();) {
      const auto seen = eye.next(kSeenTimeMax);
      if (!seen) return {};  // the rest is lost
      if (seen->is_key()) continue;
      const auto way = static_cast<long>((seen->x - begin) * direction_ + 0.5);
      while (reached < seen_.size() && static_cast<long>(reached) < way)
        seen_[reached++] = seen->at_ns;
    }
    return {};
  }

  const Contender& contender_;
  int direction_;
  std::vector<std::uint64_t> sent_;
  std::vector<std::uint64_t> seen_;
};

std::string program_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

}  // namespace

void DeskRound::add_to(Row& row) {
  if (!latencies_us.empty()) {
    row.add("p50_us", quantile(latencies_us, 0.5));
    row.add("p99_us", quantile(latencies_us, 0.99));
    row.add("max_us", *std::max_element(latencies_us.begin(), latencies_us.end()));
  }
  row.add("lost", static_cast<double>(lost));
}

Result<> go_over(const Contender& contender) {
  DKVM_TRY(xlab::Hand hand, xlab::Hand::at(contender.near->display()));
  DKVM_TRY(xlab::InputEye eye, xlab::InputEye::at(contender.far->display()));
  const std::uint64_t end =
      now_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(kGoOverTimeMax).count());
  while (now_ns() < end) {
    hand.key(kSwitchKey, true);
    hand.key(kSwitchKey, false);
    DKVM_CHECK(sleep_for(kTry));
    hand.key(kLetters[0], true);
    DKVM_TRY(const auto down, see_key(eye, kLetters[0], true, kTry));
    hand.key(kLetters[0], false);
    if (!down) continue;
    DKVM_CHECK(see_key(eye, kLetters[0], false, kSeenTimeMax));
    return {};
  }
  return fail(Errc::timeout, contender.name + ": no key arrives at the far screen");
}

Result<DeskRound> type_keys(const Contender& contender, int keys) {
  DKVM_TRY(xlab::Hand hand, xlab::Hand::at(contender.near->display()));
  DKVM_TRY(xlab::InputEye eye, xlab::InputEye::at(contender.far->display()));
  eye.forget();
  DeskRound round;
  std::mt19937 random(11);
  std::uniform_int_distribution<int> pause_us(3000, 7000);
  for (int i = 0; i < keys; ++i) {
    const std::uint16_t code = kLetters[static_cast<std::size_t>(i) % kLetters.size()];
    for (const bool down : {true, false}) {
      DKVM_CHECK(sleep_for(milliseconds(3)));
      std::this_thread::sleep_for(microseconds(pause_us(random) - 3000));
      const std::uint64_t sent = hand.key(code, down);
      DKVM_TRY(const auto seen, see_key(eye, code, down, kSeenTimeMax));
      if (seen)
        round.latencies_us.push_back(us_between(sent, *seen));
      else
        ++round.lost;
    }
  }
  return round;
}

Result<DeskRound> move_mouse(const Contender& contender, int pixels) {
  DeskRound round;
  for (const int direction : {1, -1}) DKVM_CHECK(Sweep(contender, pixels, direction).run(round));
  return round;
}

Result<DeskRound> watch_mark(const Contender& contender, int changes) {
  DKVM_TRY(Painter painter, Painter::at(contender.far->display()));
  DKVM_TRY(xlab::PixelEye eye,
           xlab::PixelEye::at(contender.near->display(), Painter::kMarkX, Painter::kMarkY));
  for (const bool light : {true, false}) {
    painter.mark(light);
    const auto seen = eye.await(light, kFirstMarkTimeMax);
    if (!seen) return fail(Errc::timeout, contender.name + ": the near screen shows nothing");
  }
  DeskRound round;
  std::mt19937 random(13);
  std::uniform_int_distribution<int> pause_ms(40, 75);  // in no step with a frame clock
  for (int i = 0; i < changes; ++i) {
    DKVM_CHECK(sleep_for(milliseconds(pause_ms(random))));
    const bool light = i % 2 == 0;
    const std::uint64_t painted = painter.mark(light);
    const auto seen = eye.await(light, kSeenTimeMax);
    if (seen)
      round.latencies_us.push_back(us_between(painted, *seen));
    else
      ++round.lost;
  }
  return round;
}

Result<double> count_shown(const Contender& contender, const std::function<Result<>()>& meanwhile) {
  DKVM_TRY(xlab::PixelEye eye,
           xlab::PixelEye::at(contender.near->display(), Painter::kFlagX, Painter::kFlagY));
  std::atomic<bool> ended{false};
  double shown = 0;
  std::thread looks([&] {
    for (bool light = true; !ended;)
      if (eye.await(light, kFlagTry)) {
        light = !light;
        ++shown;
      }
  });
  const std::uint64_t begin = now_ns();
  const auto done = meanwhile();
  const auto seconds = static_cast<double>(now_ns() - begin) / 1e9;
  ended = true;
  looks.join();
  DKVM_CHECK(done);
  return shown / seconds;
}

Result<Work> measure_work(const Contender& contender, const std::function<Result<>()>& meanwhile) {
  const auto pids = contender.pids();
  std::vector<double> before;
  for (const pid_t pid : pids) {
    DKVM_TRY(before.emplace_back(), cpu_ns({pid}));
  }
  const std::vector<pid_t> screens = {contender.near->pid(), contender.far->pid()};
  DKVM_TRY(const double screens_before, cpu_ns(screens));
  const std::uint64_t begin = now_ns();
  DKVM_CHECK(meanwhile());
  const double all = static_cast<double>(now_ns() - begin) / 100;  // for %
  Work work;
  for (std::size_t i = 0; i < pids.size(); ++i) {
    DKVM_TRY(const double now, cpu_ns({pids[i]}));
    const double share = (now - before[i]) / all;
    work.processes.emplace_back(program_of(pids[i]), share);
    work.total += share;
  }
  DKVM_TRY(const double screens_now, cpu_ns(screens));
  work.screens = (screens_now - screens_before) / all;
  return work;
}

}  // namespace dkvm::bench

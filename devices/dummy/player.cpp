#include "devices/dummy/player.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace dkvm::dummy {
namespace {

constexpr std::size_t kEventsPerTurnMax = 256;
constexpr std::size_t kReplayEventsMax = 4096;
constexpr std::uint64_t kBacklogWaitNs = 1'000'000;
constexpr std::chrono::seconds kReportHeldEvery{1};

}  // namespace

void Player::declare(Device& device) {
  device.option({.name = "file",
                 .type = ValueType::path,
                 .help = "the events to play, in JSON Lines",
                 .required = true});
  device.option({.name = "mode",
                 .fallback = "loop",
                 .help = "play the file once and finish, or over and over",
                 .choices = {"once", "loop"}});
  device.option({.name = "rate",
                 .type = ValueType::number,
                 .fallback = "recorded",
                 .help = "events/s; recorded: at the times in the file; max: as fast as they are "
                         "taken",
                 .words = {"recorded", "max"},
                 .min = Schedule::kRateMin,
                 .max = Schedule::kRateMax});
}

Result<> Player::start(Context& context) {
  context_ = &context;
  const ConfigReader& config = context.config();
  DKVM_TRY(const std::string path, config.text("file"));
  DKVM_TRY(const std::string mode, config.text("mode"));
  DKVM_TRY(const std::string rate, config.text("rate"));
  DKVM_TRY(schedule_, Schedule::parse(rate));
  DKVM_TRY(reader_, JsonlReader::open(path, family_));
  loop_ = replayable_ = mode == "loop";
  DKVM_CHECK(peek());  // a file that is wrong from its first line is a refused configuration
  start_ns_ = now_ns();
  port_.on_resume([this] {
    if (std::exchange(waits_for_resume_, false)) run();
  });
  run();
  return {};
}

void Player::run() {
  if (schedule_->unpaced()) {
    context_->on_idle([this] { return play().has_value(); });
  } else if (context_->backlogged()) {
    wait_until(now_ns() + kBacklogWaitNs);
  } else if (const auto next = play()) {
    wait_until(*next);
  }
}

void Player::wait_until(std::uint64_t time_ns) {
  context_->at(time_ns, [this] { run(); });
}

// Sends what is due, a batch at most. Returns when to go on; nullopt when
// something else decides that: a resume, or the end.
std::optional<std::uint64_t> Player::play() {
  const std::uint64_t now = now_ns();
  for (std::size_t i = 0; i < kEventsPerTurnMax; ++i) {
    if (port_.paused()) {
      waits_for_resume_ = true;
      return std::nullopt;
    }
    const auto next = peek();
    if (!next || *next == nullptr) {
      if (next) {
        context_->finish(0);
      } else {
        context_->finish(next.error());
      }
      return std::nullopt;
    }
    const std::uint64_t due =
        schedule_->unpaced() ? now : start_ns_ + schedule_->due_ns((*next)->time_ns);
    if (due > now) return due;
    const auto emit = [&](const auto& event) { return port_.emit(event, due); };
    if (const auto sent = std::visit(emit, (*next)->event); !sent) {
      if (sent.error().code() == Errc::overloaded) return now + kBacklogWaitNs;
      context_->finish(sent.error());
      return std::nullopt;
    }
    note_held(held_, **next);
    if (!held_.empty() && !std::exchange(reports_held_, true))
      context_->after(kReportHeldEvery, [this] { report_held(); });
    schedule_->advance((*next)->time_ns);
    next_.reset();
  }
  return now;
}

// The event that is next; null when there is none any more.
Result<const Record*> Player::peek() {
  while (!next_) {
    DKVM_TRY(next_, read());
    if (next_) break;
    if (!loop_) return nullptr;
    if (held_.empty()) {
      DKVM_CHECK(begin_pass());
    } else {  // no pass begins with a key that the last one left down
      next_ = release_of(family_, held_.codes().front(), schedule_->last_time_ns());
    }
  }
  return &*next_;
}

Result<std::optional<Record>> Player::read() {
  if (replay_complete_) {
    if (replayed_ == replay_.size()) return std::optional<Record>{};
    return std::optional(replay_[replayed_++]);
  }
  DKVM_TRY(std::optional<Record> record, reader_->next());
  if (!record || !replayable_) return record;
  replayable_ = replay_.size() < kReplayEventsMax;
  if (replayable_) {
    replay_.push_back(*record);
  } else {
    replay_ = {};
  }
  return record;
}

Result<> Player::begin_pass() {
  if (schedule_->events_in_pass() == 0)
    return fail(Errc::invalid, "the file has no event, expected at least one to play in a loop");
  schedule_->next_pass();
  replay_complete_ = replayable_;
  replayed_ = 0;
  return replay_complete_ ? Result<>{} : reader_->rewind();
}

// Says what is down, as long as something is.
void Player::report_held() {
  reports_held_ = !held_.empty();
  if (!reports_held_) return;
  InputState state;
  state.pressed = held_.codes();
  // What cannot be said now is said in a second.
  if (!port_.paused()) [[maybe_unused]]
    const auto sent = port_.emit(state);
  context_->after(kReportHeldEvery, [this] { report_held(); });
}

}  // namespace dkvm::dummy

#include "kernel/switchboard.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace dkvm {
namespace {

// Upstream messages wait here for a producer that does not read; they are
// hints, and the next one says the same.
constexpr std::size_t kUpstreamBacklogBytesMax = 256 * 1024;
// A device that leaves this much of our messages unread has pings enough to answer.
constexpr std::size_t kPingBacklogBytesMax = 4 * 1024;
// Changes of switches in one turn; beyond them the oldest are not told.
constexpr std::size_t kSwitchStatesMax = 256;

bool same(const SwitchState& a, const SwitchState& b) {
  return a.name == b.name && a.target == b.target && a.wanted == b.wanted && a.locked == b.locked &&
         a.reason == b.reason;
}

}  // namespace

Switchboard::Switchboard(Loop& loop, Log& log, std::string kernel_name, std::uint64_t kernel_id,
                         const Grants& grants)
    : loop_(loop),
      log_(log),
      kernel_name_(std::move(kernel_name)),
      kernel_id_(kernel_id),
      memory_frames_(
          sessions_, router_,
          [this](DeviceId device, std::string why) { offend(device, std::move(why)); },
          [this](PortRef source, std::string_view why) { warn_short(source, why); }),
      memory_(memory_frames_, worker_, 0),
      router_(kernel_id, *this, memory_),
      sessions_(loop, {router_, memory_, topics_, *this}),
      call_frames_(sessions_, names_),
      calls_(call_frames_, grants),
      held_([this](DeviceId device, bool held) { devices_->input_held(device, held); }),
      gap_log_([this](const Gap& sum, std::uint64_t gaps) { write_gap(sum, gaps); }),
      timer_(loop,
             [this] {
               judge_due_ = true;  // a whole poll pass lies between a timer and after_poll_
               settle_soon();
             }),
      after_poll_(loop, [this] {
        sessions_.bury();
        if (std::exchange(judge_due_, false)) memory_.judge(now_ns());
        settle();
      }) {}

// Sessions that end say so to the router, and it to this.
Switchboard::~Switchboard() {
  sessions_.close();
  gap_log_.finish();
}

void Switchboard::set_manifest(DeviceId device, std::optional<Manifest> manifest) {
  manifests_[device] = std::move(manifest);
}

const PortTable* Switchboard::ports(DeviceId device) const {
  const DeviceSession* session = sessions_.find(device);
  return session == nullptr ? nullptr : &session->ports();
}

Switchboard::Life& Switchboard::life(DeviceId device) {
  if (device >= lives_.size()) lives_.resize(std::size_t{device} + 1);
  return lives_[device];
}

// --- the end of a turn -------------------------------------------------------

void Switchboard::settle() {
  if (std::exchange(settling_, true)) return settle_soon();
  const std::uint64_t now = now_ns();
  if (router_.deadline() <= now) router_.tick(now);
  if (calls_.deadline() <= now) calls_.tick(now);
  if (gap_log_.deadline() <= now) gap_log_.tick(now);
  if (wake_at_ns_ <= now) wake_at_ns_ = Router::kNever;
  memory_frames_.tell_room(now);
  tell_topics();      // no event of a topic comes before its number
  sessions_.flush();  // before all else: events do not wait for our own affairs
  act_on_notes(now);
  let_in_who_may(now);
  tell_switches(now);
  sessions_.flush();
  wake_at(held_.tell(now));
  if (!offences_.empty() || !switch_states_.empty() || !refed_.empty() ||
      memory_frames_.has_room_to_tell())
    settle_soon();
  if (on_settled_) on_settled_();
  settling_ = false;
  arm(now);
}

void Switchboard::act_on_notes(std::uint64_t now) {
  for (const PortRef source : std::exchange(refed_, {})) memory_.feeds_changed(source, now);
  if (memory_.deadline() <= now) memory_.tick(now);
  memory_frames_.tell_room(now);
  while (!offences_.empty()) {
    for (const Offence& offence : std::exchange(offences_, {})) {
      DeviceSession* offender = sessions_.find(offence.device);
      if (offender == nullptr) continue;
      offender->close();
      devices_->violation(offence.device, Error(Errc::corrupt, offence.why));
    }
  }
}

void Switchboard::tell_topics() {
  if (topics_told_ == topics_.size()) return;
  topics_told_ = topics_.size();
  sessions_.each([this](DeviceId id, DeviceSession& each) {
    each.tell_topics();
    sessions_.flush_later(id);
  });
}

void Switchboard::let_in_who_may(std::uint64_t now) {
  const auto starting = [this](DeviceId sink) { return state(sink) == RunState::starting; };
  wake_at(admissions_.admit(now, starting, [this](DeviceId device) {
    DeviceSession* admitted = sessions_.find(device);
    if (admitted == nullptr) return false;
    admitted->let_in();
    devices_->hello_accepted(device);
    sessions_.flush_later(device);
    return true;
  }));
}

void Switchboard::wake_at(std::uint64_t time_ns) {
  if (time_ns < wake_at_ns_) wake_at_ns_ = time_ns;
}

void Switchboard::arm(std::uint64_t now) {
  const std::uint64_t due = std::min({router_.deadline(), memory_.deadline(), calls_.deadline(),
                                      gap_log_.deadline(), wake_at_ns_});
  if (due == Router::kNever || (armed_ns_ <= due && armed_ns_ > now)) return;
  armed_ns_ = due;
  timer_.arm_at(TimePoint(std::chrono::nanoseconds(due)));
}

// --- what the router says ------------------------------------------------------

void Switchboard::wake(DeviceId sink) { sessions_.flush_later(sink); }

void Switchboard::signal_port(PortRef port, wire::FrameKind kind) {
  DeviceSession* source = sessions_.find(port.device);
  if (source == nullptr) return;
  wire::FrameHeader header = make_header(kind);
  header.mutate_port(port.port);
  source->send(header);
  sessions_.flush_later(port.device);
}

void Switchboard::send_upstream(const Upstream& message) {
  DeviceSession* producer = sessions_.find(message.source.device);
  if (producer == nullptr || producer->backlog() > kUpstreamBacklogBytesMax) return;
  wire::FrameHeader header = make_header(wire::FrameKind::upstream);
  header.mutate_port(message.source.port);
  header.mutate_topic(message.topic);
  header.mutate_capture_ns(now_ns());
  header.mutate_origin_device(message.sink.device);
  header.mutate_sequence(message.sink.port);
  producer->send_frame({header, {}, message.hops, message.payload});
  sessions_.flush_later(message.source.device);
}

void Switchboard::held_changed(DeviceId device, bool held) { held_.changed(device, held); }

void Switchboard::report(const Gap& gap) {
  ++gaps_;
  gap_log_.add(gap, now_ns());
}

void Switchboard::warn_short(PortRef source, std::string_view why) {
  const PortTable* table = ports(source.device);
  const RoutedPort* port = table == nullptr ? nullptr : table->find(source.port);
  log_.warning("device {}, port '{}': {}", name_of(source.device),
               port == nullptr ? fmt::format("{}", source.port) : port->name, why);
}

void Switchboard::write_gap(const Gap& sum, std::uint64_t gaps) {
  log_.warning("pipeline '{}': {} event{} from {} did not reach {}: {}{}", sum.pipeline, sum.lost,
               sum.lost == 1 ? "" : "s", sum.source, sum.sink, describe(sum.reason),
               gaps == 1 ? "" : fmt::format(" ({} gaps in a second)", gaps));
}

void Switchboard::offend(DeviceId device, std::string why) {
  offences_.push_back({device, std::move(why)});
}

void Switchboard::switch_changed(const SwitchState& state) {
  if (switch_states_.size() == kSwitchStatesMax) switch_states_.erase(switch_states_.begin());
  switch_states_.push_back(state);
}

void Switchboard::switch_doubt(const std::string& name, const std::string& why) {
  log_.warning("switch {}: {}", name, why);
}

void Switchboard::tell_switches(std::uint64_t now) {
  for (const SwitchState& state : std::exchange(switch_states_, {})) {
    SwitchState& told = switches_told_[state.name];
    if (same(told, state)) continue;
    if (told.target != state.target)
      log_.info("switch {}: {} has the input: {}", state.name, state.target, state.reason);
    else if (told.wanted != state.wanted && state.wanted == state.target)
      log_.warning("switch {}: {} keeps the input: {}", state.name, state.target, state.reason);
    told = state;
    PayloadWriter writer;
    Frame frame{make_header(wire::FrameKind::event), {}, {}, writer.write(state)};
    frame.header.mutate_port(kKernelSwitchesRef.port);
    frame.header.mutate_topic(dkvm::id_of(wire::Topic::switch_state));
    frame.header.mutate_sequence(++state_sequence_);
    frame.header.mutate_capture_ns(now);
    seal(frame);
    router_.publish(kKernelSwitchesRef, frame, now);
  }
}

// --- what the device manager says ------------------------------------------------

void Switchboard::connect(DeviceId id, UniqueFd stream, std::uint32_t incarnation) {
  const auto manifest = manifests_.find(id);
  SessionIdentity identity{
      id,           name_of(id), incarnation,
      kernel_name_, kernel_id_,  manifest == manifests_.end() ? std::nullopt : manifest->second};
  sessions_.begin(std::move(identity), std::move(stream));
  held_.begin(id);
}

void Switchboard::drain(DeviceId id) {
  if (DeviceSession* dying = sessions_.find(id)) dying->drain();
}

std::vector<std::uint16_t> Switchboard::codes_to_release(DeviceId id) {
  const DeviceSession* dead = sessions_.find(id);
  return dead == nullptr ? std::vector<std::uint16_t>{} : dead->codes_to_release();
}

void Switchboard::disconnect(DeviceId id) {
  sessions_.end(id);
  subscribers_.erase(id);
  admissions_.forget(id);
  calls_.device_gone(id);
  memory_.device_gone(id, now_ns());
  on_ports(id);
  settle_soon();
}

void Switchboard::gap(DeviceId id, std::uint32_t incarnation) {
  log_.debug("device {}: incarnation {} ended with events not applied", name_of(id), incarnation);
}

void Switchboard::send_ping(DeviceId id) {
  DeviceSession* asked = sessions_.find(id);
  if (asked == nullptr || asked->backlog() > kPingBacklogBytesMax) return;
  asked->send(make_header(wire::FrameKind::ping));
  sessions_.flush_later(id);
  settle_soon();
}

void Switchboard::send_stop(DeviceId id, Duration deadline, std::string_view reason) {
  DeviceSession* stopping = sessions_.find(id);
  if (stopping == nullptr) return;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline).count();
  stopping->stop_in_order(std::string(reason), static_cast<std::uint32_t>(std::max<long>(left, 0)));
  // Behind the answers of this turn: the caller of `kernel.stop` hears of it.
  sessions_.flush_later(id);
  settle_soon();
}

void Switchboard::state_changed(DeviceId id, const StateChange& change) {
  life(id).state = change.to;
  const bool new_life = change.to == RunState::starting && change.pid == 0;
  if (new_life) life(id).begins = log_.ring().last_sequence();
  const bool turned = std::exchange(life(id).at_work, change.at_work) != change.at_work;
  if (turned) router_.set_at_work(id, change.at_work, now_ns());
  if (change.from == change.to) {  // a new process in the same state, or other words
    if (turned && on_state_) on_state_(id, change);
    return;
  }
  const RecordLevel level = change.to == RunState::failed    ? RecordLevel::error
                            : change.to == RunState::backoff ? RecordLevel::warning
                                                             : RecordLevel::info;
  log_.write(
      level, {},
      fmt::format("device {} is {}{}{}{}", name_of(id), change.to == RunState::backoff ? "in " : "",
                  name(change.to), change.reason.empty() ? "" : ": ", change.reason));
  if (!change.bad_end.empty())
    log_.error("device {} was to stop and did not end well: {}", name_of(id), change.bad_end);
  publish_state(id, change);
  if (on_state_) on_state_(id, change);
  settle_soon();
}

void Switchboard::publish_state(DeviceId id, const StateChange& change) {
  wire::DeviceStateT state;
  state.device = name_of(id);
  state.state = name(change.to);
  state.reason = change.reason;
  state.incarnation = change.incarnation;
  state.pid = change.pid;
  PayloadWriter writer;
  Frame frame{make_header(wire::FrameKind::event), {}, {}, writer.write(state)};
  frame.header.mutate_topic(dkvm::id_of(wire::Topic::device_state));
  frame.header.mutate_sequence(++state_sequence_);
  frame.header.mutate_capture_ns(now_ns());
  seal(frame);
  router_.publish(kKernelDevicesRef, frame, now_ns());
  frame.header.mutate_port(kKernelPort);
  for (const DeviceId subscriber : subscribers_) {
    if (DeviceSession* told = sessions_.find(subscriber)) {
      told->send_frame(frame);
      sessions_.flush_later(subscriber);
    }
  }
}

void Switchboard::removed(DeviceId id) {
  manifests_.erase(id);
  memory_frames_.forget(id);
  log_.info("device {} is no longer configured", name_of(id));
}

void Switchboard::log_line(DeviceId id, RecordLevel level, std::string_view text) {
  log_.write(level, name_of(id), text);
}

std::vector<std::string> Switchboard::log_tail(DeviceId id) {
  return log_.ring().tail(name_of(id), kDeathLogLinesMax, kDeathLogBytesMax, life(id).begins);
}

void Switchboard::resumed(Duration suspended) {
  log_.info("the machine slept for {} s: letting go of all held input, switches go home",
            std::chrono::duration_cast<std::chrono::seconds>(suspended).count());
  router_.release_all("the machine slept", now_ns());
  settle_soon();
}

// --- what the sessions say ---------------------------------------------------------

void Switchboard::on_hello(DeviceId device, bool cleanup) {
  devices_->hello_received(device, cleanup);
  admissions_.wait(device, now_ns());
}

void Switchboard::on_refused(DeviceId device, const Error& error, bool permanent) {
  devices_->hello_refused(device, error, permanent);
}

void Switchboard::on_violation(DeviceId device, const Error& error) {
  devices_->violation(device, error);
}

void Switchboard::on_stream_closed(DeviceId device, const Error& error, bool torn) {
  if (error.code() == Errc::disconnected) return devices_->stream_closed(device, torn);
  if (DeviceSession* broken = sessions_.find(device)) broken->close();
  devices_->violation(device, error);
}

void Switchboard::on_stopped_frame(DeviceId device) { devices_->stopped_frame(device); }

void Switchboard::on_call(DeviceId device, const Frame& frame) {
  if (const auto taken = calls_.on_frame(device, frame, now_ns()); !taken) {
    sessions_.find(device)->close();
    devices_->violation(device, taken.error());
  }
}

}  // namespace dkvm

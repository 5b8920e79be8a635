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
constexpr std::size_t kDevicesMax = 65'534;

}  // namespace

Switchboard::Switchboard(Loop& loop, Log& log, std::string kernel_name, std::uint64_t kernel_id,
                         const Grants& grants)
    : loop_(loop),
      log_(log),
      kernel_name_(std::move(kernel_name)),
      kernel_id_(kernel_id),
      scratch_(loop),
      router_(kernel_id, *this, account_),
      calls_(*this, grants),
      names_{"kernel"},
      states_(1),
      life_begins_(1),
      held_([this](DeviceId device, bool held) { devices_->input_held(device, held); }),
      flush_marked_(1),
      gap_log_([this](const Gap& sum, std::uint64_t gaps) { write_gap(sum, gaps); }),
      timer_(loop, [this] { settle_soon(); }),
      after_poll_(loop, [this] {
        buried_.clear();  // no call of theirs is on the stack here
        settle();
      }) {}

Switchboard::~Switchboard() {
  gap_log_.finish();
  for (auto& [id, session] : sessions_) session->close();
}

Result<DeviceId> Switchboard::id_of(const std::string& name) {
  if (const auto found = ids_.find(name); found != ids_.end()) return found->second;
  if (names_.size() > kDevicesMax)
    return fail(Errc::exhausted, fmt::format("more than {} devices", kDevicesMax));
  const auto id = static_cast<DeviceId>(names_.size());
  names_.push_back(name);
  flush_marked_.push_back(0);
  states_.push_back(RunState::stopped);
  life_begins_.push_back(0);
  ids_[name] = id;
  return id;
}

void Switchboard::set_manifest(DeviceId device, std::optional<Manifest> manifest) {
  manifests_[device] = std::move(manifest);
}

const PortTable* Switchboard::ports(DeviceId device) const {
  const auto found = sessions_.find(device);
  return found == sessions_.end() ? nullptr : &found->second->ports();
}

std::string Switchboard::name_of(DeviceId device) const {
  return device < names_.size() ? names_[device] : "?";
}

DeviceSession* Switchboard::session(DeviceId device) {
  const auto found = sessions_.find(device);
  return found == sessions_.end() ? nullptr : found->second.get();
}

// --- the end of a turn -------------------------------------------------------

void Switchboard::settle() {
  if (std::exchange(settling_, true)) return settle_soon();
  const std::uint64_t now = now_ns();
  if (router_.deadline() <= now) router_.tick(now);
  if (calls_.deadline() <= now) calls_.tick(now);
  if (gap_log_.deadline() <= now) gap_log_.tick(now);
  if (wake_at_ns_ <= now) wake_at_ns_ = Router::kNever;
  tell_topics();     // no event of a topic comes before its number
  flush_sessions();  // before all else: events do not wait for our own affairs
  act_on_notes();
  let_in_who_may(now);
  flush_sessions();
  wake_at(held_.tell(now));
  if (!offences_.empty()) settle_soon();
  if (on_settled_) on_settled_();
  settling_ = false;
  arm(now);
}

void Switchboard::act_on_notes() {
  while (!offences_.empty()) {
    for (const Offence& offence : std::exchange(offences_, {})) {
      DeviceSession* offender = session(offence.device);
      if (offender == nullptr) continue;
      offender->close();
      devices_->violation(offence.device, Error(Errc::corrupt, offence.why));
    }
  }
}

void Switchboard::tell_topics() {
  if (topics_told_ == topics_.size()) return;
  topics_told_ = topics_.size();
  for (auto& [id, each] : sessions_) {
    each->tell_topics();
    to_flush(id);
  }
}

// Sessions that a flush wakes come in the same pass.
void Switchboard::flush_sessions() {
  for (std::size_t i = 0; i < flush_.size(); ++i) {
    const DeviceId device = flush_[i];
    flush_marked_[device] = 0;
    if (DeviceSession* waiting = session(device)) waiting->flush();
  }
  flush_.clear();
}

// Letting one in may make room for the next: those that feed it.
void Switchboard::let_in_who_may(std::uint64_t now) {
  for (std::size_t i = 0; i < waiting_.size();) {
    const auto [device, since_ns] = waiting_[i];
    if (now < since_ns + kSinksTimeMaxNs && !sinks_ready(device)) {
      wake_at(since_ns + kSinksTimeMaxNs);
      ++i;
      continue;
    }
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    if (DeviceSession* admitted = session(device)) {
      admitted->let_in();
      devices_->hello_accepted(device);
      to_flush(device);
      i = 0;
    }
  }
}

bool Switchboard::sinks_ready(DeviceId source) const {
  const auto sinks = feeds_.find(source);
  if (sinks == feeds_.end()) return true;
  return std::ranges::none_of(
      sinks->second, [this](DeviceId sink) { return states_[sink] == RunState::starting; });
}

void Switchboard::to_flush(DeviceId device) {
  if (std::exchange(flush_marked_[device], std::uint8_t{1}) == 0) flush_.push_back(device);
}

void Switchboard::wake_at(std::uint64_t time_ns) {
  if (time_ns < wake_at_ns_) wake_at_ns_ = time_ns;
}

void Switchboard::arm(std::uint64_t now) {
  const std::uint64_t due =
      std::min({router_.deadline(), calls_.deadline(), gap_log_.deadline(), wake_at_ns_});
  if (due == Router::kNever || (armed_ns_ <= due && armed_ns_ > now)) return;
  armed_ns_ = due;
  timer_.arm_at(TimePoint(std::chrono::nanoseconds(due)));
}

// --- what the router says ------------------------------------------------------

void Switchboard::wake(DeviceId sink) { to_flush(sink); }

void Switchboard::signal_port(PortRef port, wire::FrameKind kind) {
  DeviceSession* source = session(port.device);
  if (source == nullptr) return;
  wire::FrameHeader header = make_header(kind);
  header.mutate_port(port.port);
  source->send(header);
  to_flush(port.device);
}

void Switchboard::send_upstream(const Upstream& message) {
  DeviceSession* producer = session(message.source.device);
  if (producer == nullptr || producer->backlog() > kUpstreamBacklogBytesMax) return;
  wire::FrameHeader header = make_header(wire::FrameKind::upstream);
  header.mutate_port(message.source.port);
  header.mutate_topic(message.topic);
  header.mutate_capture_ns(now_ns());
  producer->send_frame({header, {}, message.hops, message.payload});
  to_flush(message.source.device);
}

void Switchboard::held_changed(DeviceId device, bool held) { held_.changed(device, held); }

void Switchboard::report(const Gap& gap) {
  ++gaps_;
  gap_log_.add(gap, now_ns());
}

void Switchboard::write_gap(const Gap& sum, std::uint64_t gaps) {
  log_.warning("pipeline '{}': {} event{} from {} did not reach {}: {}{}", sum.pipeline, sum.lost,
               sum.lost == 1 ? "" : "s", sum.source, sum.sink, describe(sum.reason),
               gaps == 1 ? "" : fmt::format(" ({} gaps in a second)", gaps));
}

void Switchboard::offend(DeviceId device, std::string why) {
  offences_.push_back({device, std::move(why)});
}

// --- what the device manager says ------------------------------------------------

void Switchboard::connect(DeviceId id, UniqueFd stream, std::uint32_t incarnation) {
  const auto manifest = manifests_.find(id);
  SessionIdentity identity{
      id,           name_of(id), incarnation,
      kernel_name_, kernel_id_,  manifest == manifests_.end() ? std::nullopt : manifest->second};
  auto& slot = sessions_[id];
  if (slot) buried_.push_back(std::move(slot));
  slot = std::make_unique<DeviceSession>(std::move(identity), loop_, std::move(stream), scratch_,
                                         router_, topics_, *this);
  held_.begin(id);
}

void Switchboard::drain(DeviceId id) {
  if (DeviceSession* dying = session(id)) dying->drain();
}

std::vector<std::uint16_t> Switchboard::codes_to_release(DeviceId id) {
  const DeviceSession* dead = session(id);
  return dead == nullptr ? std::vector<std::uint16_t>{} : dead->codes_to_release();
}

void Switchboard::disconnect(DeviceId id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  found->second->close();
  subscribers_.erase(id);
  std::erase_if(waiting_, [id](const auto& each) { return each.first == id; });
  calls_.device_gone(id);
  buried_.push_back(std::move(found->second));
  sessions_.erase(found);
  settle_soon();
}

void Switchboard::gap(DeviceId id, std::uint32_t incarnation) {
  log_.debug("device {}: incarnation {} ended with events not applied", name_of(id), incarnation);
}

void Switchboard::send_ping(DeviceId id) {
  DeviceSession* asked = session(id);
  if (asked == nullptr || asked->backlog() > kPingBacklogBytesMax) return;
  asked->send(make_header(wire::FrameKind::ping));
  to_flush(id);
  settle_soon();
}

void Switchboard::send_stop(DeviceId id, Duration deadline, std::string_view reason) {
  DeviceSession* stopping = session(id);
  if (stopping == nullptr) return;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline).count();
  stopping->stop_in_order(std::string(reason), static_cast<std::uint32_t>(std::max<long>(left, 0)));
  // Behind the answers of this turn: the caller of `kernel.stop` hears of it.
  to_flush(id);
  settle_soon();
}

void Switchboard::state_changed(DeviceId id, const StateChange& change) {
  states_[id] = change.to;
  const bool new_life = change.to == RunState::starting && change.pid == 0;
  if (new_life) life_begins_[id] = log_.ring().last_sequence();
  if (change.from == change.to) return;  // a new process in the same state
  const RecordLevel level = change.to == RunState::failed    ? RecordLevel::error
                            : change.to == RunState::backoff ? RecordLevel::warning
                                                             : RecordLevel::info;
  log_.write(
      level, {},
      fmt::format("device {} is {}{}{}{}", name_of(id), change.to == RunState::backoff ? "in " : "",
                  name(change.to), change.reason.empty() ? "" : ": ", change.reason));
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
  router_.publish({kKernelDevice, 0}, frame, now_ns());
  frame.header.mutate_port(kKernelPort);
  for (const DeviceId subscriber : subscribers_) {
    if (DeviceSession* told = session(subscriber)) {
      told->send_frame(frame);
      to_flush(subscriber);
    }
  }
}

void Switchboard::removed(DeviceId id) {
  manifests_.erase(id);
  log_.info("device {} is no longer configured", name_of(id));
}

void Switchboard::log_line(DeviceId id, RecordLevel level, std::string_view text) {
  log_.write(level, name_of(id), text);
}

std::vector<std::string> Switchboard::log_tail(DeviceId id) {
  return log_.ring().tail(name_of(id), kDeathLogLinesMax, kDeathLogBytesMax, life_begins_[id]);
}

void Switchboard::resumed(Duration suspended) {
  log_.info("the machine slept for {} s: letting go of all held input",
            std::chrono::duration_cast<std::chrono::seconds>(suspended).count());
  router_.release_all(now_ns());
  settle_soon();
}

// --- what the sessions say ---------------------------------------------------------

void Switchboard::on_hello(DeviceId device, bool cleanup) {
  devices_->hello_received(device, cleanup);
  waiting_.emplace_back(device, now_ns());
}

void Switchboard::on_refused(DeviceId device, const Error& error, bool permanent) {
  devices_->hello_refused(device, error, permanent);
}

void Switchboard::on_violation(DeviceId device, const Error& error) {
  devices_->violation(device, error);
}

void Switchboard::on_stream_closed(DeviceId device, const Error& error, bool torn) {
  if (error.code() == Errc::disconnected) return devices_->stream_closed(device, torn);
  if (DeviceSession* broken = session(device)) broken->close();
  devices_->violation(device, error);
}

void Switchboard::on_stopped_frame(DeviceId device) { devices_->stopped_frame(device); }

void Switchboard::on_call(DeviceId device, const Frame& frame) {
  if (const auto taken = calls_.on_frame(device, frame, now_ns()); !taken) {
    session(device)->close();
    devices_->violation(device, taken.error());
  }
}

// --- calls ---------------------------------------------------------------------------

void Switchboard::send_request(DeviceId callee, std::uint64_t id, const wire::RequestT& request) {
  if (DeviceSession* called = session(callee)) {
    wire::FrameHeader header = make_header(wire::FrameKind::request);
    header.mutate_sequence(id);
    called->send(header, request);
    to_flush(callee);
  }
}

void Switchboard::send_response(DeviceId caller, std::uint64_t id,
                                const wire::ResponseT& response) {
  if (DeviceSession* waiting = session(caller)) {
    wire::FrameHeader header = make_header(wire::FrameKind::response);
    header.mutate_sequence(id);
    waiting->send(header, response);
    to_flush(caller);
  }
}

void Switchboard::send_cancel(DeviceId callee, std::uint64_t id) {
  if (DeviceSession* called = session(callee)) {
    wire::FrameHeader header = make_header(wire::FrameKind::cancel);
    header.mutate_sequence(id);
    called->send(header);
    to_flush(callee);
  }
}

std::optional<DeviceId> Switchboard::running_device(std::string_view name) const {
  const auto id = ids_.find(std::string(name));
  if (id == ids_.end()) return std::nullopt;
  const auto found = sessions_.find(id->second);
  if (found == sessions_.end() || !found->second->running()) return std::nullopt;
  return id->second;
}

std::vector<std::string_view> Switchboard::device_names() const {
  std::vector<std::string_view> names;
  for (std::size_t id = 1; id < names_.size(); ++id)
    if (devices_->find(names_[id])) names.push_back(names_[id]);
  return names;
}

void Switchboard::serve(std::uint64_t token, const ServiceCall& call) {
  if (serve_) return serve_(token, call);
  calls_.answer(token, fail(Errc::unsupported, "this kernel offers no services"));
}

}  // namespace dkvm

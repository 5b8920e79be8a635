#pragma once

#include <dkvm/detail/life.hpp>
#include <dkvm/detail/ports.hpp>
#include <dkvm/detail/silence.hpp>
#include <dkvm/rpc.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <utility>

namespace dkvm::detail {

// What the kernel says, and what a device does about it.
class Conversation {
 public:
  // Life: the descriptors and the poller outlive this.
  Conversation(int in, int out, Poller& poller)
      : session_(in, out),
        calls_(session_),
        pools_(session_, calls_, poller, [this](const Error& error) { life_.end(error); }),
        ports_(session_, pools_),
        silence_(poller, in, [this] { end_silence(); }) {}
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  Session& session() { return session_; }
  const Session& session() const { return session_; }
  Calls& calls() { return calls_; }
  Ports& ports() { return ports_; }
  Life& life() { return life_; }
  const Life& life() const { return life_; }
  // Of what comes on the kernel's own port.
  Handlers& kernel_events() { return kernel_events_; }

  // Errors: Errc::disconnected.
  Result<> begin(const Manifest& manifest) {
    silence_.heard();
    if (manifest.fds) session_.stream().accept_fds();
    return session_.hello(manifest);
  }

  // Reads a piece of what is there, and does what it says. The rest is read at
  // the next turn: other descriptors get theirs.
  void read() {
    const auto got = session_.stream().fill();
    if (!got) return lost(got.error());
    if (!*got) return;
    silence_.heard();
    const auto read = session_.stream().each_frame([this](const Frame& frame) {
      log_unless_gone(take(frame));
      return !life_.hurried();
    });
    if (!read) lost(read.error());
  }

  void end_batches() {
    if (const auto ended = ports_.end_batches(); !ended) life_.end(ended.error());
  }

  // Puts what the kernel is owed into the batch: buffers that were released since.
  void write_owed() { log_unless_gone(pools_.write_owed()); }

  // Errors: those of Ports::close().
  Result<> close_port(std::uint16_t id) {
    silence_.closed(id);
    return ports_.close(id);
  }

  std::uint64_t heard_ns() const { return silence_.heard_ns(); }
  void ask() { log_unless_gone(session_.send({.kind = wire::FrameKind::ping})); }

  // Lets go and says goodbye, unless it has.
  void say_goodbye() {
    silence_.released();
    life_.say_goodbye();
  }

 private:
  Result<> take(const Frame& frame) {
    switch (frame.kind()) {
      case wire::FrameKind::event: needed(event(frame)); return {};
      case wire::FrameKind::pool_open: needed(pools_.opened(frame)); return {};
      case wire::FrameKind::pool_close: needed(pools_.close(frame)); return {};
      case wire::FrameKind::slots: needed(pools_.own().granted(frame)); return {};
      case wire::FrameKind::upstream:
        if (sound(frame)) ports_.deliver_upstream(frame);
        return {};
      case wire::FrameKind::welcome: return welcome(frame);
      case wire::FrameKind::topics: return learn_topics(frame);
      case wire::FrameKind::request: return calls_.on_request(frame);
      case wire::FrameKind::response: return calls_.on_response(frame);
      case wire::FrameKind::cancel: calls_.on_cancel(frame); return {};
      case wire::FrameKind::pause: ports_.set_paused(frame.header.port(), true); return {};
      case wire::FrameKind::resume: ports_.set_paused(frame.header.port(), false); return {};
      case wire::FrameKind::ping: return pong(frame);
      case wire::FrameKind::stop: return stop();
      default: return {};  // a newer kernel may say more than we know
    }
  }

  // The kernel verifies the topics that it knows; ours may be newer ones. A
  // payload that is damaged is its sender's fault, and no reason for us to end.
  bool sound(const Frame& frame) {
    const TopicId topic = frame.header.topic();
    if (verify_event(topic, frame.payload)) return true;
    if (damaged_.insert(topic).second)  // said once: who lies must not fill our log
      log_warning("an event of topic '" + session_.topic_name(topic) +
                  "' is damaged; it and others like it are left out");
    return false;
  }

  Result<> event(const Frame& frame) {
    if (!sound(frame)) {
      ports_.give_back(frame);
      return {};
    }
    if (frame.header.port() == kKernelPort) {
      kernel_events_.handle(EventInfo{frame});
      return {};
    }
    if (!ports_.takes(frame)) return {};
    silence_.follow(frame);  // before the handler, which may close the port
    return ports_.deliver(frame);
  }

  // What a device cannot go on without.
  void needed(const Result<>& done) {
    if (!done && done.error().code() != Errc::disconnected) life_.end(done.error());
  }

  Result<> welcome(const Frame& frame) {
    if (life_.welcomed()) return fail(Errc::corrupt, "the kernel welcomed this device twice");
    if (auto welcomed = session_.welcomed(frame.payload); !welcomed) {
      life_.end(kExitRefused);
      return welcomed;
    }
    silence_.set_limit_ms(session_.welcome().silence_ms);
    ports_.begin();
    life_.start();
    return {};
  }

  Result<> learn_topics(const Frame& frame) {
    DKVM_CHECK(session_.learn_topics(frame.payload));
    ports_.bind_custom_topics();
    return {};
  }

  // The first one tells the kernel that the device is ready.
  Result<> pong(const Frame& ping) {
    if (!life_.started()) return {};
    return session_.send({.kind = wire::FrameKind::pong, .sequence = ping.header.sequence()});
  }

  Result<> stop() {
    say_goodbye();
    end_batches();
    life_.end_now(0);
    return session_.send({.kind = wire::FrameKind::stopped});
  }

  // Logs last: a silent kernel does not read the log either, and a full one waits.
  void end_silence() {
    silence_.released();
    life_.let_go();
    ports_.say_nothing_is_held();
    log_warning("the kernel is silent: everything held is let go");
  }

  void lost(const Error& error) {
    const bool damaged = error.code() == Errc::corrupt;
    say_goodbye();  // before the log, which may wait
    if (damaged) log_error(error.message());
    life_.end_now(damaged ? 1 : 0);
  }

  Session session_;
  Calls calls_;
  Pools pools_;
  Ports ports_;
  Handlers kernel_events_;
  SilenceWatch silence_;
  Life life_;
  std::set<TopicId> damaged_;
};

}  // namespace dkvm::detail

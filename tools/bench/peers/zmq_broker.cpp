// ZeroMQ's broker over ipc: PUSH → PULL, zmq_proxy, PUSH → PULL.
//
//   dkvm-bench-zmq source|broker|sink CONTROL NAME FRONTEND BACKEND

#include "tools/bench/peers/endpoint.hpp"

#include <zmq.h>

#include <array>
#include <cstring>

namespace dkvm::bench {
namespace {

// Messages that a socket holds; with fewer, ZeroMQ sleeps and wakes at each end
// more often than it carries.
constexpr int kMessagesMax = 64 * 1024;
constexpr int kLingerMs = 0;

class Context {
 public:
  Context() : raw_(::zmq_ctx_new()) {}
  ~Context() { ::zmq_ctx_term(raw_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  void* raw() const { return raw_; }

 private:
  void* raw_;
};

class Socket {
 public:
  Socket(const Context& context, int type) : raw_(::zmq_socket(context.raw(), type)) {
    set(ZMQ_SNDHWM, kMessagesMax);
    set(ZMQ_RCVHWM, kMessagesMax);
    set(ZMQ_LINGER, kLingerMs);
    set(ZMQ_RCVTIMEO, kSilenceMs);
    set(ZMQ_SNDTIMEO, kSilenceMs);
  }
  ~Socket() { ::zmq_close(raw_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  void* raw() const { return raw_; }

 private:
  void set(int option, int value) { ::zmq_setsockopt(raw_, option, &value, sizeof(value)); }
  void* raw_;
};

class ZmqTransport {
 public:
  explicit ZmqTransport(const Socket& socket) : socket_(socket.raw()) {}

  bool send(Bytes frame) {
    return ::zmq_send(socket_, frame.data(), frame.size(), 0) == static_cast<int>(frame.size());
  }
  bool flush() { return true; }

  template <class Handle>
  bool receive(Handle&& handle) {
    const int got = ::zmq_recv(socket_, input_.data(), input_.size(), 0);
    if (got <= 0) return false;
    FrameDecoder decoder(Bytes(input_).first(static_cast<std::size_t>(got)));
    Frame frame;
    if (!decoder.next(frame)) return false;
    handle(frame);
    return true;
  }

 private:
  void* socket_;
  alignas(8) std::array<std::byte, 4096> input_;
};

int run_broker(const PeerArguments& arguments, const std::string& front, const std::string& back) {
  const Context context;
  const Socket frontend(context, ZMQ_PULL);
  const Socket backend(context, ZMQ_PUSH);
  if (::zmq_bind(frontend.raw(), front.c_str()) != 0 ||
      ::zmq_bind(backend.raw(), back.c_str()) != 0)
    return 1;
  // Both ends are bound: only now may the others connect.
  return with_control(arguments, [&](const ControlLink&) {
    ::zmq_proxy(frontend.raw(), backend.raw(), nullptr);
    return 0;
  });
}

int run(const PeerArguments& arguments, const std::string& front, const std::string& back) {
  if (arguments.role == "broker") return run_broker(arguments, front, back);
  const bool is_source = arguments.role == "source";
  const Context context;
  const Socket socket(context, is_source ? ZMQ_PUSH : ZMQ_PULL);
  if (::zmq_connect(socket.raw(), (is_source ? front : back).c_str()) != 0) return 1;
  ZmqTransport transport(socket);
  return with_control(arguments, [&](const ControlLink& control) {
    return is_source ? run_source(control, transport) : run_sink(control, transport);
  });
}

}  // namespace
}  // namespace dkvm::bench

int main(int argc, char** argv) {
  if (argc != 6) return dkvm::bench::misuse_of_peer();
  return dkvm::bench::run({argv[1], argv[2], argv[3]}, argv[4], argv[5]);
}

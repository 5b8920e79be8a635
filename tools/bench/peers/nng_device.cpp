// NNG's broker over ipc: push → pull, nng_device, push → pull.
//
//   dkvm-bench-nng source|broker|sink CONTROL NAME FRONTEND BACKEND

#include "tools/bench/peers/endpoint.hpp"

#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>

#include <array>
#include <cstring>

namespace dkvm::bench {
namespace {

constexpr int kMessagesMax = 8192;  // the most that NNG allows a socket

// A socket that is closed with its owner.
class Socket {
 public:
  explicit Socket(int (*open)(nng_socket*)) {
    opened_ = open(&raw_) == 0;
    ::nng_socket_set_int(raw_, NNG_OPT_SENDBUF, kMessagesMax);
    ::nng_socket_set_int(raw_, NNG_OPT_RECVBUF, kMessagesMax);
    ::nng_socket_set_ms(raw_, NNG_OPT_RECVTIMEO, kSilenceMs);
    ::nng_socket_set_ms(raw_, NNG_OPT_SENDTIMEO, kSilenceMs);
  }
  ~Socket() {
    if (opened_) ::nng_close(raw_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  nng_socket raw() const { return raw_; }

 private:
  nng_socket raw_{};
  bool opened_ = false;
};

class NngTransport {
 public:
  explicit NngTransport(const Socket& socket) : socket_(socket.raw()) {}

  bool send(Bytes frame) {
    return ::nng_send(socket_, const_cast<std::byte*>(frame.data()), frame.size(), 0) == 0;
  }
  bool flush() { return true; }

  template <class Handle>
  bool receive(Handle&& handle) {
    std::size_t got = input_.size();
    if (::nng_recv(socket_, input_.data(), &got, 0) != 0) return false;
    FrameDecoder decoder(Bytes(input_).first(got));
    Frame frame;
    if (!decoder.next(frame)) return false;
    handle(frame);
    return true;
  }

 private:
  nng_socket socket_;
  alignas(8) std::array<std::byte, 4096> input_;
};

int run_broker(const PeerArguments& arguments, const std::string& front, const std::string& back) {
  const Socket frontend(::nng_pull0_open_raw);
  const Socket backend(::nng_push0_open_raw);
  if (::nng_listen(frontend.raw(), front.c_str(), nullptr, 0) != 0 ||
      ::nng_listen(backend.raw(), back.c_str(), nullptr, 0) != 0)
    return 1;
  return with_control(arguments, [&](const ControlLink&) {
    ::nng_device(frontend.raw(), backend.raw());
    return 0;
  });
}

int run(const PeerArguments& arguments, const std::string& front, const std::string& back) {
  if (arguments.role == "broker") return run_broker(arguments, front, back);
  const bool is_source = arguments.role == "source";
  const Socket socket(is_source ? ::nng_push0_open : ::nng_pull0_open);
  if (::nng_dial(socket.raw(), (is_source ? front : back).c_str(), nullptr, 0) != 0) return 1;
  NngTransport transport(socket);
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

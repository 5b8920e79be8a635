#include "devices/tcp/transport/link_self.hpp"

#include "devices/tcp/limits.hpp"

#include <dkvm/log.hpp>

#include <fmt/format.h>

#include <openssl/rand.h>

#include <chrono>
#include <cstdlib>

namespace dkvm::tcp {
namespace {

// Without randomness there is no session to be had, and no TLS either.
void fill(void* bytes, int size) {
  if (RAND_bytes(static_cast<unsigned char*>(bytes), size) != 1) std::abort();
}

}  // namespace

LinkSelf LinkSelf::of(const Context& context, const trust::Identity& identity) {
  return {context.kernel(), context.kernel_id(), random_number(), identity.fingerprint()};
}

wire::LinkHelloT LinkSelf::hello(wire::LinkConnection connection, std::vector<std::uint8_t> session,
                                 bool resumed) const {
  wire::LinkHelloT hello;
  hello.protocol_min = hello.protocol_max = kLinkProtocolVersion;
  hello.kernel = kernel;
  hello.kernel_id = kernel_id;
  hello.connection = connection;
  hello.session = std::move(session);
  hello.resumed = resumed;
  hello.incarnation = incarnation;
  return hello;
}

void warn_of_expiry(const trust::Identity& identity) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (const auto warning = trust::expiry_warning(identity.not_after(), now)) log_warning(*warning);
}

std::vector<std::byte> bytes_of(const wire::LinkHelloT& hello) {
  PayloadWriter writer;
  std::vector<std::byte> bytes;
  append_frame(bytes, {make_header(wire::FrameKind::hello), {}, {}, writer.write(hello)});
  return bytes;
}

std::vector<std::byte> stop_bytes(const Error& why, std::chrono::milliseconds come_again) {
  wire::StopT stop;
  stop.reason = why.message().substr(0, kReasonBytesMax);
  stop.deadline_ms = static_cast<std::uint32_t>(come_again.count());
  PayloadWriter writer;
  std::vector<std::byte> bytes;
  append_frame(bytes, {make_header(wire::FrameKind::stop), {}, {}, writer.write(stop)});
  return bytes;
}

std::vector<std::uint8_t> random_session() {
  std::vector<std::uint8_t> session(kLinkSessionBytes);
  fill(session.data(), static_cast<int>(session.size()));
  return session;
}

std::uint64_t random_number() {
  std::uint64_t number = 0;
  fill(&number, sizeof(number));
  return number;
}

Result<wire::LinkHelloT> read_hello(const Frame& frame) {
  if (frame.kind() == wire::FrameKind::stop) {
    DKVM_TRY(const wire::StopT stop, read_payload<wire::StopT>(frame.payload));
    return fail(Errc::overloaded, fmt::format("it says: {:.{}}", stop.reason, kReasonBytesMax));
  }
  if (frame.kind() != wire::FrameKind::hello)
    return fail(Errc::corrupt, fmt::format("its first frame is '{}', expected 'hello'",
                                           wire::EnumNameFrameKind(frame.kind())));
  DKVM_TRY(wire::LinkHelloT hello, read_payload<wire::LinkHelloT>(frame.payload));
  if (hello.protocol_min > kLinkProtocolVersion || hello.protocol_max < kLinkProtocolVersion)
    return fail(Errc::unsupported,
                fmt::format("it speaks versions {} to {} of the link protocol, this side speaks {}",
                            hello.protocol_min, hello.protocol_max, kLinkProtocolVersion));
  if (hello.session.size() != 0 && hello.session.size() != kLinkSessionBytes)
    return fail(Errc::corrupt, fmt::format("its session has {} bytes, expected {} or none",
                                           hello.session.size(), kLinkSessionBytes));
  return hello;
}

}  // namespace dkvm::tcp

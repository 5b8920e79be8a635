#include "tests/hostile/pool_liar.hpp"

#include <dkvm/wire/events_generated.h>
#include <dkvm/wire/upstream_generated.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace dkvm::test {
namespace {

using Kind = wire::FrameKind;

wire::HelloT hello_of_pool_liar() {
  wire::HelloT hello;
  hello.protocol_min = hello.protocol_max = kProtocolVersion;
  const Manifest manifest = pool_liar_manifest();
  hello.type = manifest.type;
  hello.version = manifest.version;
  hello.fds = manifest.fds;
  for (const PortManifest& port : manifest.ports)
    hello.ports.push_back(port_spec(port.id, port.name, port.direction, port.topics));
  return hello;
}

PoolLiar::Refs refs_of(const Frame& frame) {
  PoolLiar::Refs refs;
  for (std::size_t i = 0; i < frame.header.buffer_count(); ++i) refs.push_back(frame.buffer(i));
  return refs;
}

}  // namespace

Manifest pool_liar_manifest() {
  return {.type = "pool-liar",
          .version = "1",
          .summary = "Does with shared buffers what no device should",
          .ports = {{.id = kScreenPort, .name = "screen", .topics = {"display_frame"}},
                    {.id = kViewPort,
                     .name = "view",
                     .direction = wire::Direction::sink,
                     .topics = {"display_frame"}},
                    {.id = kSecondPort, .name = "second", .topics = {"display_frame"}}},
          .fds = true};
}

PoolLiar::PoolLiar(LiarStream& stream) : stream_(stream) { stream_.enter(hello_of_pool_liar()); }

void PoolLiar::take() {
  const Frame frame = stream_.next();
  switch (frame.kind()) {
    case Kind::ping: stream_.put(LiarStream::frame(Kind::pong)); break;
    case Kind::pool_open: {
      Pool pool{*read_payload<wire::PoolOpenT>(frame.payload), -1};
      if (pool.open.memory == wire::MemoryKind::memfd) pool.fd = stream_.take_fd();
      if (pool.open.writable) written_.insert(pool.open.pool);
      pools_.push_back(std::move(pool));
      break;
    }
    case Kind::pool_close: {
      const std::uint32_t pool = read_payload<wire::PoolIdT>(frame.payload)->pool;
      if (closes_by_itself_ && !written_.contains(pool))
        say(Kind::pool_closed, pool);
      else
        closes_.push_back(pool);
      break;
    }
    case Kind::upstream: asked_ = true; break;
    case Kind::slots: slots_.push_back(refs_of(frame)); break;
    case Kind::event:
      events_.push_back(refs_of(frame));
      last_seen_ = frame.header.sequence();
      break;
    case Kind::response: answers_.push_back(*read_payload<wire::ResponseT>(frame.payload)); break;
    case Kind::stop: std::_Exit(stream_.goodbye());
    default: break;
  }
}

bool PoolLiar::ask_kernel(const std::string& method, const std::string& body) {
  wire::RequestT request;
  request.target = std::string("kernel");
  request.method = method;
  request.deadline_ms = 30'000;
  request.body = body;
  return stream_.put(stream_.table(Kind::request, request, [&](wire::FrameHeader& header) {
    header.mutate_sequence(++last_call_);
  }));
}

wire::ResponseT PoolLiar::call(const std::string& method, const std::string& body) {
  ask_kernel(method, body);
  return first_of(answers_);
}

wire::Code PoolLiar::call(const std::string& method, std::uint16_t port,
                          const wire::BufferRef& ref) {
  const auto answer =
      call(method, "{\"port\":" + std::to_string(port) + ",\"pool\":" + std::to_string(ref.pool()) +
                       ",\"slot\":" + std::to_string(ref.slot()) +
                       ",\"generation\":" + std::to_string(ref.generation()) + "}");
  return answer.code;
}

PoolLiar::Pool PoolLiar::next_pool() { return first_of(pools_); }
PoolLiar::Refs PoolLiar::next_slots() { return first_of(slots_); }
PoolLiar::Refs PoolLiar::next_event() { return first_of(events_); }
PoolLiar::Pool PoolLiar::pool_of(const wire::BufferRef& ref) {
  for (;;)
    if (Pool pool = next_pool(); pool.open.pool == ref.pool()) return pool;
}
std::uint32_t PoolLiar::next_close() { return first_of(closes_); }

PoolLiar::Pool PoolLiar::open_pool(unsigned slots, const std::string& memory) {
  const std::string body = "{\"port\":" + std::to_string(kScreenPort) +
                           ",\"slot_bytes\":" + std::to_string(kLiarSlotBytes) +
                           ",\"slots\":" + std::to_string(slots) + ",\"memory\":\"" + memory +
                           "\"}";
  auto answer = call("memory.pool", body);
  for (; answer.code == wire::Code::exhausted; answer = call("memory.pool", body)) ::usleep(1000);
  if (answer.code == wire::Code::ok) return next_pool();
  std::fprintf(stderr, "<3>no pool: %s\n", answer.message.c_str());
  std::_Exit(3);
}

PoolLiar::Refs PoolLiar::working_pool(unsigned slots) {
  say(Kind::pool_mapped, open_pool(slots).open.pool);
  return next_slots();
}

bool PoolLiar::say(Kind kind, std::uint32_t pool) {
  wire::PoolIdT message;
  message.pool = pool;
  return stream_.put(stream_.table(kind, message));
}

LiarStream::Bits PoolLiar::event(const Refs& refs, std::uint16_t port) {
  PayloadWriter writer;
  Frame frame{make_header(Kind::event),
              std::as_bytes(std::span(refs)),
              {},
              writer.write(wire::DisplayFrameT{})};
  frame.header.mutate_port(port);
  frame.header.mutate_topic(static_cast<std::uint16_t>(wire::Topic::display_frame));
  frame.header.mutate_sequence(++last_event_);
  frame.header.mutate_capture_ns(now_ns());
  LiarStream::Bits bits;
  append_frame(bits, frame);
  return bits;
}

LiarStream::Bits PoolLiar::releasing(const Refs& refs, std::uint16_t port) {
  Frame frame{make_header(Kind::release), std::as_bytes(std::span(refs)), {}, {}};
  frame.header.mutate_port(port);
  LiarStream::Bits bits;
  append_frame(bits, frame);
  return bits;
}

bool PoolLiar::publish(const Refs& refs, std::uint16_t port) {
  return stream_.put(event(refs, port));
}

bool PoolLiar::release(const Refs& refs, std::uint16_t port) {
  return stream_.put(releasing(refs, port));
}

void PoolLiar::apply() {
  stream_.put(LiarStream::frame(Kind::applied, {}, [&](wire::FrameHeader& header) {
    header.mutate_port(kViewPort);
    header.mutate_sequence(last_seen_);
  }));
}

void PoolLiar::ask() {
  stream_.put(stream_.table(Kind::upstream, wire::RefreshT{}, [](wire::FrameHeader& header) {
    header.mutate_port(kViewPort);
    header.mutate_topic(static_cast<std::uint16_t>(wire::Topic::refresh));
  }));
}

void PoolLiar::wait_asked() {
  while (!asked_) take();
}

void PoolLiar::tidy() {
  while (!pools_.empty())
    if (const Pool pool = next_pool(); pool.open.writable)
      say(Kind::pool_mapped, pool.open.pool);
    else
      ::close(pool.fd);
  while (slots_.empty() && !closes_.empty()) say(Kind::pool_closed, next_close());
}

int PoolLiar::live() {
  for (;;) {
    tidy();
    take();
  }
}

std::vector<char> bytes_of(int fd, const wire::BufferRef& ref) {
  std::vector<char> bytes(ref.length());
  const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(ref.offset()));
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return bytes;
}

bool mark(int fd, const wire::BufferRef& ref, pid_t pid) {
  const std::vector<pid_t> marks(ref.length() / sizeof(pid), pid);
  const std::size_t bytes = marks.size() * sizeof(pid);
  return ::pwrite(fd, marks.data(), bytes, static_cast<off_t>(ref.offset())) ==
         static_cast<ssize_t>(bytes);
}

pid_t marked(int fd, const wire::BufferRef& ref) {
  const std::vector<char> bytes = bytes_of(fd, ref);
  std::vector<pid_t> marks(bytes.size() / sizeof(pid_t));
  std::memcpy(marks.data(), bytes.data(), marks.size() * sizeof(pid_t));
  const bool whole = !marks.empty() && std::ranges::count(marks, marks[0]) ==
                                           static_cast<std::ptrdiff_t>(marks.size());
  return whole ? marks[0] : 0;
}

}  // namespace dkvm::test

#include "tests/hostile/lying_peer.hpp"

#include <dkvm/time.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <stdexcept>

namespace dkvm::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kWaitMax{15};

template <class Thing>
Thing must(Result<Thing> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}

}  // namespace

LyingPeer::LyingPeer(std::string name, std::string folder, std::uint16_t port)
    : name_(std::move(name)),
      folder_(std::move(folder)),
      port_(port),
      kernel_id_(std::hash<std::string>{}(name_) | 1) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::runtime_error("no socket pair");
  kernel_ = Fd(ends[0]);
  context_ = must(device_.run_over(Fd(ends[1]), Fd(::dup(ends[1]))));
  wire::WelcomeT welcome;
  welcome.protocol = kProtocolVersion;
  welcome.kernel = name_;
  welcome.kernel_id = kernel_id_;
  Bits bytes;
  append_frame(bytes, {make_header(wire::FrameKind::welcome), {}, {}, writer_.write(welcome)});
  if (::send(kernel_.get(), bytes.data(), bytes.size(), 0) <= 0)
    throw std::runtime_error("no welcome");
  while (context_->kernel_id() != kernel_id_) context_->dispatch(1000);
  connect();
}

LyingPeer::~LyingPeer() = default;

void LyingPeer::connect() {
  client_.reset();
  bulk_.reset();
  bulk_input_.clear();
  slots_.clear();
  taken_.clear();
  offered_.clear();
  was_up_ = false;
  came_.clear();
  tcp::ClientConfig config;
  config.connect = {{"127.0.0.1", port_}};
  config.peer.name = "desk";
  config.identity = folder_;
  client_ = must(tcp::LinkClient::start(*context_, config, *this));
  cut_.reset();
  wait("a link", [this] { return link().up() && bulk_; });
  if (cut_) throw std::runtime_error("no link: " + *cut_);
}

void LyingPeer::turn() {
  pollfd waits[2] = {{context_->fd(), POLLIN, 0}, {bulk_ ? bulk_->fd() : -1, POLLIN, 0}};
  ::poll(waits, 2, 5);
  context_->dispatch(0);
  if (bulk_) read_bulk();
  // The reason may be lost with the connection, if that had more for the other side.
  if (std::exchange(was_up_, link().up()) && !was_up_ && !cut_) cut_ = "the connection is gone";
}

void LyingPeer::wait(const std::string& what, const Condition& holds) {
  const auto end = Clock::now() + kWaitMax;
  while (!cut_ && !holds()) {
    if (Clock::now() > end) throw std::runtime_error("it does not happen: " + what);
    turn();
  }
}

void LyingPeer::settle() {
  link().flush();
  // What was sent before this is worked off when a call after it is answered.
  const std::size_t before = count(wire::FrameKind::response);
  call(~std::uint64_t{0} - before, "settled");
  wait("an answer", [&] { return count(wire::FrameKind::response) > before; });
  const auto end = Clock::now() + std::chrono::milliseconds(300);  // the bulk connection's part
  wait("a moment", [&] { return Clock::now() > end; });
}

void LyingPeer::read_bulk() {
  std::byte bytes[16 * 1024];
  const auto got = bulk_->read(bytes);
  if (!got) return bulk_.reset();
  bulk_input_.insert(bulk_input_.end(), bytes, bytes + *got);
  FrameDecoder decoder(bulk_input_);
  for (Frame frame; decoder.next(frame);)
    if (frame.kind() == wire::FrameKind::slots)
      for (std::size_t i = 0; i < frame.header.buffer_count(); ++i)
        slots_[frame.header.port()].push_back(frame.buffer(i));
  bulk_input_.erase(bulk_input_.begin(),
                    bulk_input_.begin() + static_cast<std::ptrdiff_t>(decoder.consumed()));
}

void LyingPeer::frame(tcp::PeerLink&, const Frame& frame) {
  ++came_[frame.kind()];
  if (frame.kind() == wire::FrameKind::resume) taken_[frame.header.port()] = true;
  if (frame.kind() == wire::FrameKind::port_open) {  // all that the other side has is wanted
    offered_.push_back(frame.header.port());
    signal(wire::FrameKind::resume, frame.header.port());
    if (declines_) signal(wire::FrameKind::pause, frame.header.port());
  }
  if (frame.kind() == wire::FrameKind::response)
    if (const auto answer = read_payload<wire::ResponseT>(frame.payload)) ++answers_[answer->code];
}

void LyingPeer::decline_all() {
  declines_ = true;
  for (const std::uint16_t id : offered_) signal(wire::FrameKind::pause, id);
}

void LyingPeer::offer(std::uint16_t id, const std::string& name, std::vector<std::string> topics) {
  wire::PortOpenT open;
  open.port = std::make_unique<wire::PortSpecT>();
  open.port->id = id;
  open.port->name = name;
  open.port->topics = std::move(topics);
  send_table(wire::FrameKind::port_open, id, open);
}

void LyingPeer::open_stream(std::uint16_t id, const std::string& name,
                            std::vector<std::string> topics) {
  offer(id, name, std::move(topics));
  wait("stream " + name, [&] { return taken_[id]; });
}

std::uint32_t LyingPeer::granted(std::uint16_t id, std::uint64_t bytes) {
  wire::PoolOpenT open;
  open.slot_bytes = bytes;
  open.port = id;
  send_table(wire::FrameKind::pool_open, id, open);
  wait("slots", [&] { return !slots_[id].empty(); });
  return cut_ ? 0 : slots_[id].front().slot();
}

// Half a megabyte may wait; beyond that the other side takes nothing.
void LyingPeer::send(const Frame& frame) {
  wait("room", [this] { return link().backlog() < 512 * 1024; });
  if (cut_) return;
  [[maybe_unused]] const auto sent = link().send(frame);
  link().flush();
}

void LyingPeer::signal(wire::FrameKind kind, std::uint16_t port, std::uint64_t sequence,
                       Bytes payload) {
  const Bits copy(payload.begin(), payload.end());
  Frame frame{make_header(kind), {}, {}, copy};
  frame.header.mutate_port(port);
  frame.header.mutate_sequence(sequence);
  if (!link().up()) return;
  [[maybe_unused]] const auto sent = link().send(frame);
  if (!held_back_) link().flush();
}

void LyingPeer::call(std::uint64_t id, const std::string& caller, const std::string& body,
                     const std::string& target, const std::string& method) {
  wire::RequestT request;
  request.target = target;
  request.method = method;
  request.caller = caller;
  request.body = body;
  send_table(wire::FrameKind::request, 0, request, id);
}

wire::HopStamp LyingPeer::stamp(std::uint64_t kernel) const {
  return wire::HopStamp(kernel, now_ns(), now_ns(), now_ns());
}

LyingPeer::Event LyingPeer::key() {
  wire::KeyT key;
  key.code = 30;
  key.down = true;
  const Bytes payload = writer_.write(key);
  Event event;
  event.payload.assign(payload.begin(), payload.end());
  event.hops = {stamp(here())};
  return event;
}

LyingPeer::Event LyingPeer::picture(std::uint32_t slot, std::uint64_t bytes) {
  wire::DisplayFrameT picture;
  picture.width = picture.height = 8;
  picture.stride = 32;
  const Bytes payload = writer_.write(picture);
  Event event;
  event.stream = 2;
  event.topic = id_of(wire::Topic::display_frame);
  event.payload.assign(payload.begin(), payload.end());
  event.hops = {stamp(here())};
  event.buffers = {wire::BufferRef(0, slot, 0, 0, 0, 0, bytes)};
  return event;
}

LyingPeer::Bits LyingPeer::bits(const Event& event) {
  Frame frame{make_header(wire::FrameKind::event), std::as_bytes(std::span(event.buffers)),
              std::as_bytes(std::span(event.hops)), event.payload};
  frame.header.mutate_port(event.stream);
  frame.header.mutate_topic(event.topic);
  frame.header.mutate_sequence(event.sequence == 0 ? ++sequence_ : event.sequence);
  frame.header.mutate_capture_ns(now_ns());
  frame.header.mutate_origin_kernel(here());
  frame.header.mutate_origin_device(1);
  frame.header.mutate_origin_sequence(frame.header.sequence());
  Bits bits;
  append_frame(bits, frame);
  if (event.change) {
    wire::FrameHeader header;
    std::memcpy(&header, bits.data(), kHeaderBytes);
    event.change(header);
    std::memcpy(bits.data(), &header, kHeaderBytes);
  }
  return bits;
}

void LyingPeer::send_bits(const Bits& bits) {
  FrameDecoder decoder(bits);
  Frame frame;
  if (!decoder.next(frame)) throw std::runtime_error("the transport sends whole frames only");
  send(frame);
}

void LyingPeer::bulk_bits(const Bits& bits) {
  if (!bulk_) return;
  Bytes left = bits;
  while (!left.empty() && bulk_) {
    const auto written = bulk_->write(left);
    if (!written) return;
    left = left.subspan(*written);
    if (*written == 0) turn();
  }
}

void LyingPeer::bulk_chunk(std::uint16_t stream, std::uint64_t sequence, std::uint64_t at,
                           std::size_t bytes) {
  const Bits body(bytes, std::byte{0x5A});
  Frame frame{make_header(wire::FrameKind::chunk), {}, {}, body};
  frame.header.mutate_port(stream);
  frame.header.mutate_sequence(sequence);
  frame.header.mutate_origin_sequence(at);
  Bits bits;
  append_frame(bits, frame);
  bulk_bits(bits);
}

}  // namespace dkvm::test

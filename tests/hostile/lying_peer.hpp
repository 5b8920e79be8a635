#pragma once

#include "devices/tcp/transport/link_client.hpp"

#include <dkvm/device.hpp>

#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// A peer that is trusted, and has a whole link, but writes on it whatever it likes.
namespace dkvm::test {

class LyingPeer final : private tcp::LinkHandler {
 public:
  using Bits = std::vector<std::byte>;
  using Condition = std::function<bool()>;

  // Dials `desk` at a port of this machine with the identity in `folder`.
  // Throws std::runtime_error with what went wrong, as all that waits here does.
  LyingPeer(std::string name, std::string folder, std::uint16_t port);
  ~LyingPeer() override;

  // As a new run of its device: the other side has told the last one to stay away.
  void connect();

  tcp::PeerLink& link() { return *client_->peers().front(); }
  std::uint64_t here() const { return kernel_id_; }
  std::uint64_t there() { return link().kernel_id(); }

  // What it was cut off for, once it was.
  const std::optional<std::string>& cut() const { return cut_; }
  std::size_t count(wire::FrameKind kind) const {
    const auto found = came_.find(kind);
    return found == came_.end() ? 0 : found->second;
  }
  std::size_t answers(wire::Code code) const {
    const auto found = answers_.find(code);
    return found == answers_.end() ? 0 : found->second;
  }

  // Turns until the condition holds or it was cut.
  void wait(const std::string& what, const Condition& holds);
  // Turns until it is cut off, or two pings have come and gone.
  void settle();

  // What is sent leaves at once, or together.
  void hold_back(bool back) {
    held_back_ = back;
    if (!back) link().flush();
  }

  // A stream that the other side's pipelines ask for; returns once it sends.
  void open_stream(std::uint16_t id, const std::string& name, std::vector<std::string> topics);
  void offer(std::uint16_t id, const std::string& name, std::vector<std::string> topics);
  // From now on takes every stream of the other side and gives it back at once.
  void decline_all();
  // Waits for a bulk connection, and for slots of so many bytes on that stream: the
  // number of the first.
  std::uint32_t granted(std::uint16_t id, std::uint64_t bytes);

  void send(const Frame& frame);
  void signal(wire::FrameKind kind, std::uint16_t port, std::uint64_t sequence = 0,
              Bytes payload = {});
  template <class Table>
  void send_table(wire::FrameKind kind, std::uint16_t port, const Table& table,
                  std::uint64_t sequence = 0) {
    signal(kind, port, sequence, writer_.write(table));
  }
  void call(std::uint64_t id, const std::string& caller, const std::string& body = "{}",
            const std::string& target = "kernel", const std::string& method = "devices.list");

  // A frame as an honest peer would send it, to be spoilt.
  struct Event {
    std::uint16_t stream = 1;
    TopicId topic = id_of(wire::Topic::key);
    Bits payload{};
    std::uint64_t sequence = 0;  // 0: the next
    std::vector<wire::HopStamp> hops{};
    std::vector<wire::BufferRef> buffers{};
    std::function<void(wire::FrameHeader&)> change{};
  };
  Event key();
  Event picture(std::uint32_t slot, std::uint64_t bytes);
  Bits bits(const Event& event);
  void send(const Event& event) { send_bits(bits(event)); }
  void send_bits(const Bits& bits);
  void bulk_bits(const Bits& bits);
  void bulk_chunk(std::uint16_t stream, std::uint64_t sequence, std::uint64_t at,
                  std::size_t bytes);
  wire::HopStamp stamp(std::uint64_t kernel) const;

 private:
  void added(tcp::PeerLink&) override {}
  void removed(tcp::PeerLink&) override {}
  void up(tcp::PeerLink&, bool) override {}
  void frame(tcp::PeerLink&, const Frame& frame) override;
  void writable(tcp::PeerLink&) override {}
  void silent(tcp::PeerLink&) override {}
  void alive(tcp::PeerLink&) override {}
  void down(tcp::PeerLink&, const Error& why) override { cut_ = why.message(); }
  void bulk(tcp::PeerLink&, tcp::TlsStream stream) override { bulk_.emplace(std::move(stream)); }
  void status_changed(tcp::PeerLink&) override {}

  void turn();
  void read_bulk();

  const std::string name_;
  const std::string folder_;
  const std::uint16_t port_;
  const std::uint64_t kernel_id_;
  Device device_{"liar", "a peer that lies"};
  Fd kernel_;
  std::unique_ptr<Context> context_;
  std::unique_ptr<tcp::LinkClient> client_;
  std::optional<tcp::TlsStream> bulk_;
  Bits bulk_input_;
  PayloadWriter writer_;
  std::optional<std::string> cut_;
  std::map<wire::FrameKind, std::size_t> came_;
  std::map<wire::Code, std::size_t> answers_;
  std::map<std::uint16_t, std::vector<wire::BufferRef>> slots_;
  std::map<std::uint16_t, bool> taken_;
  std::uint64_t sequence_ = 0;
  bool was_up_ = false;
  bool held_back_ = false;
  bool declines_ = false;
  std::vector<std::uint16_t> offered_;
};

}  // namespace dkvm::test

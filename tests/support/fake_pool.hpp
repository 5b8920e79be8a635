#pragma once

#include "tests/support/calls.hpp"
#include "tests/support/fake_kernel.hpp"
#include "tests/support/pool_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace dkvm::test {

// The kernel's side of one pool of one device's port.
class FakePool {
 public:
  FakePool(FakeKernel& kernel, std::uint16_t port, std::uint32_t slots, std::size_t slot_bytes,
           std::uint32_t number = 7)
      : kernel_(kernel),
        port_(port),
        number_(number),
        slots_(slots),
        slot_bytes_(slot_bytes),
        stride_((slot_bytes + 4095) / 4096 * 4096),
        memory_(make_memory(slots * stride_)) {}

  // To a producer, in answer to its call for a pool.
  void grant_pool() {
    const Called call = wait_call(kernel_, "memory.pool");
    kernel_.respond(
        call.id, wire::Code::ok,
        "{\"pool\":" + std::to_string(number_) + ",\"slot_count\":" + std::to_string(slots_) + "}");
    open(true, memory_.get());
  }
  // To a consumer.
  void show_pool() { open(false, for_reading(memory_).get()); }

  // A producer may write to this slot.
  void grant(std::uint32_t slot) {
    send({.kind = wire::FrameKind::slots, .port = port_}, slot, ++generations_[slot], slot_bytes_);
  }

  // Sends a consumer an event with these bytes in a slot.
  template <class Event>
  void event(std::uint32_t slot, const Event& event, Bytes bytes,
             std::uint64_t capture_ns = now_ns()) {
    REQUIRE(::pwrite(memory_.get(), bytes.data(), bytes.size(),
                     static_cast<off_t>(slot * stride_)) == static_cast<ssize_t>(bytes.size()));
    PayloadWriter writer;
    send(kernel_.next_event(port_, id_of(topic_of<Event>), capture_ns), slot, ++generations_[slot],
         bytes.size(), writer.write(event));
  }

  // The bytes of a producer's event, and in which slot they lay.
  std::pair<std::vector<std::byte>, std::uint32_t> bytes_of(const Received& event) const {
    REQUIRE(event.buffers.size() == 1);
    const wire::BufferRef& buffer = event.buffers[0];
    std::vector<std::byte> bytes(buffer.length());
    REQUIRE(::pread(memory_.get(), bytes.data(), bytes.size(),
                    static_cast<off_t>(buffer.offset())) == static_cast<ssize_t>(bytes.size()));
    return {std::move(bytes), buffer.slot()};
  }

 private:
  void open(bool writable, int fd) {
    wire::PoolOpenT open;
    open.pool = number_;
    open.writable = writable;
    open.slot_count = slots_;
    open.slot_bytes = stride_;
    open.bytes = slots_ * stride_;
    open.port = port_;
    open.share = writable ? 0 : slots_;
    PayloadWriter writer;
    std::vector<std::byte> bytes;
    append_frame(bytes, {make_header(wire::FrameKind::pool_open), {}, {}, writer.write(open)});
    send_with_fds(kernel_.fd(), bytes, {fd});
    if (writable) kernel_.wait(wire::FrameKind::pool_mapped);
  }

  void send(const Envelope& envelope, std::uint32_t slot, std::uint32_t generation,
            std::size_t length, Bytes payload = {}) {
    const wire::BufferRef buffer(number_, slot, generation, 0, 0, slot * stride_, length);
    Frame frame{make_header(envelope.kind), std::as_bytes(std::span(&buffer, 1)), {}, payload};
    frame.header.mutate_port(envelope.port);
    frame.header.mutate_topic(envelope.topic);
    frame.header.mutate_sequence(envelope.sequence);
    frame.header.mutate_capture_ns(envelope.capture_ns);
    std::vector<std::byte> bytes;
    append_frame(bytes, frame);
    kernel_.send_bytes(bytes);
  }

  FakeKernel& kernel_;
  std::uint16_t port_;
  std::uint32_t number_;
  std::uint32_t slots_;
  std::size_t slot_bytes_;
  std::size_t stride_;
  detail::Fd memory_;
  std::map<std::uint32_t, std::uint32_t> generations_;
};

}  // namespace dkvm::test

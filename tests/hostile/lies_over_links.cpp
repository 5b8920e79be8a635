#include "tests/hostile/lying_peer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <random>
#include <string_view>

// lies_over_links NAME FOLDER PORT [SEED]: a trusted peer that tells one lie, and says
// how it went: "cut: REASON", or "alive" with what came.
namespace {

using namespace dkvm;
using namespace dkvm::test;
using Kind = wire::FrameKind;

const std::vector<std::string> kInput = {"key", "input_state", "pointer_motion"};
const std::vector<std::string> kPictures = {"display_frame", "display_mode"};

struct Lie {
  std::string_view name;
  void (*tell)(LyingPeer&);
};

void keys(LyingPeer& peer) { peer.open_stream(1, "lies", kInput); }
void pictures(LyingPeer& peer) { peer.open_stream(2, "pictures", kPictures); }

template <Kind kind>
void out_of_place(LyingPeer& peer) {
  peer.signal(kind, 1);
}

template <class Change>
void spoilt_key(LyingPeer& peer, Change change) {
  keys(peer);
  auto event = peer.key();
  change(event);
  peer.send(event);
}

const Lie kLies[] = {
    {"no-hops", [](LyingPeer& p) { spoilt_key(p, [](auto& e) { e.hops.clear(); }); }},
    {"foreign-hop", [](LyingPeer& p) { spoilt_key(p, [&](auto& e) { e.hops = {p.stamp(7)}; }); }},
    {"our-origin",
     [](LyingPeer& p) {
       spoilt_key(p, [&](auto& e) {
         e.change = [&p](auto& header) { header.mutate_origin_kernel(p.there()); };
       });
     }},
    {"seven-hops",
     [](LyingPeer& p) { spoilt_key(p, [&](auto& e) { e.hops.assign(7, p.stamp(p.here())); }); }},
    {"eight-hops",
     [](LyingPeer& p) { spoilt_key(p, [&](auto& e) { e.hops.assign(8, p.stamp(p.here())); }); }},
    {"undeclared-topic",
     [](LyingPeer& p) {
       keys(p);
       auto event = p.picture(1, 1);
       event.stream = 1;
       event.buffers.clear();
       p.send(event);
     }},
    {"unnamed-topic",
     [](LyingPeer& p) { spoilt_key(p, [](auto& e) { e.topic = kCustomTopicFirst + 3; }); }},
    {"no-payload", [](LyingPeer& p) { spoilt_key(p, [](auto& e) { e.payload.clear(); }); }},
    {"garbage-payload",
     [](LyingPeer& p) { spoilt_key(p, [](auto& e) { e.payload.assign(64, std::byte{0xEE}); }); }},
    {"no-sequence",
     [](LyingPeer& p) {
       spoilt_key(p, [](auto& e) { e.change = [](auto& header) { header.mutate_sequence(0); }; });
     }},
    {"odd-times",
     [](LyingPeer& p) {
       keys(p);
       for (const std::uint64_t time : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1}}) {
         auto event = p.key();
         event.hops = {wire::HopStamp(p.here(), time, ~time, time)};
         event.change = [time](auto& header) { header.mutate_capture_ns(time); };
         p.send(event);
       }
     }},
    {"buffer-on-input",
     [](LyingPeer& p) {
       spoilt_key(p, [](auto& e) { e.buffers = {wire::BufferRef(0, 1, 0, 0, 0, 0, 1u << 30)}; });
     }},
    {"body-cut-short",
     [](LyingPeer& p) {
       spoilt_key(p, [](auto& e) { e.buffers = {wire::BufferRef(0, 1, 0, 0, 0, 0, 100)}; });
       p.send(p.key());
     }},
    {"chunk-of-nothing",
     [](LyingPeer& p) {
       keys(p);
       p.signal(Kind::chunk, 1, 5, p.key().payload);
     }},
    {"bulk-on-input",
     [](LyingPeer& p) {
       pictures(p);
       p.send(p.picture(1, 64));
     }},
    {"stream-twice",
     [](LyingPeer& p) {
       p.offer(1, "lies", kInput);
       p.offer(1, "lies", kInput);
     }},
    {"name-twice",
     [](LyingPeer& p) {
       p.offer(1, "lies", kInput);
       p.offer(3, "lies", kInput);
     }},
    {"many-streams",
     [](LyingPeer& p) {
       for (std::uint16_t i = 1; i <= 300; ++i) p.offer(i, fmt::format("s{}", i), kInput);
     }},
    {"many-topics",
     [](LyingPeer& p) {
       std::vector<std::string> topics;
       for (int i = 0; i < 300; ++i) topics.push_back(fmt::format("own/{}", i));
       p.offer(1, "lies", topics);
     }},
    {"topics-and-one",  // with what lets go they would be one too many for a port
     [](LyingPeer& p) {
       std::vector<std::string> topics{"key"};
       for (std::size_t i = 1; i < kTopicsPerPortMax; ++i)
         topics.push_back(fmt::format("own/{}", i));
       p.offer(1, "lies", topics);
     }},
    {"long-topic", [](LyingPeer& p) { p.offer(1, "lies", {std::string(kNameBytesMax + 1, 'x')}); }},
    {"all-own-topics",  // more than a link's kernel has numbers for
     [](LyingPeer& p) {
       std::uint16_t id = 0;
       for (const char* name : {"lies", "pictures", "more"}) {
         std::vector<std::string> topics;
         for (int i = 0; i < 60; ++i) topics.push_back(fmt::format("{}{}", name, i));
         p.offer(++id, name, topics);
       }
     }},
    {"opens-and-closes",
     [](LyingPeer& p) {
       const std::size_t before = p.count(Kind::resume);
       for (int i = 0; i < 5000 && !p.cut(); ++i) {
         p.offer(1, "lies", kInput);
         p.signal(Kind::port_close, 1);
         if (i % 64 == 0) p.wait("room", [&] { return p.link().backlog() == 0; });
       }
       p.wait("the stream was taken", [&] { return p.count(Kind::resume) > before; });
     }},
    {"takes-and-gives-back",
     [](LyingPeer& p) {
       p.decline_all();
       p.wait("the end", [] { return false; });
     }},
    {"ever-larger-slots",
     [](LyingPeer& p) {
       pictures(p);
       for (std::uint64_t bytes = 5000; bytes < 10'000 && !p.cut(); ++bytes) {
         wire::PoolOpenT open;
         open.slot_bytes = bytes;
         open.port = 2;
         p.send_table(Kind::pool_open, 2, open);
         if (bytes % 64 == 0) p.wait("room", [&] { return p.link().backlog() == 0; });
       }
     }},
    {"many-names",
     [](LyingPeer& p) {
       wire::TopicsT names;
       for (std::uint16_t i = 0; i < 700; ++i) {
         names.topics.push_back(std::make_unique<wire::TopicNameT>());
         names.topics.back()->id = static_cast<std::uint16_t>(kCustomTopicFirst + i);
         names.topics.back()->name = fmt::format("n{}", i);
       }
       p.send_table(Kind::topics, 0, names);
     }},
    {"second-hello", out_of_place<Kind::hello>},
    {"welcome", out_of_place<Kind::welcome>},
    {"release", out_of_place<Kind::release>},
    {"pool-mapped", out_of_place<Kind::pool_mapped>},
    {"input-slots", out_of_place<Kind::slots>},
    {"garbage-offer", out_of_place<Kind::port_open>},
    {"garbage-call", out_of_place<Kind::request>},
    {"garbage-answer", out_of_place<Kind::response>},
    {"key-upstream",
     [](LyingPeer& p) {
       p.wait("a stream", [&] { return p.count(Kind::port_open) != 0; });
       auto event = p.key();
       event.change = [](auto& header) {
         header.mutate_kind(static_cast<std::uint8_t>(Kind::upstream));
       };
       p.send(event);
     }},
    {"grab-upstream",
     [](LyingPeer& p) {
       p.wait("a stream", [&] { return p.count(Kind::port_open) != 0; });
       PayloadWriter writer;
       auto event = p.key();
       const Bytes grab = writer.write(wire::GrabT{});
       event.payload.assign(grab.begin(), grab.end());
       event.topic = id_of(wire::Topic::grab);
       event.change = [](auto& header) {
         header.mutate_kind(static_cast<std::uint8_t>(Kind::upstream));
       };
       p.send(event);
     }},
    {"calls",
     [](LyingPeer& p) {
       std::uint64_t id = 0;
       for (const std::string caller : {"liar", "", "link/desk:control", "a:b", "x\ny", "control"})
         p.call(++id, caller);
       p.call(++id, "control", "{}", "link/laptop:kernel");
       p.call(++id, std::string(200, 'c'));
       p.call(++id, "liar", "{}", std::string(200, 't'));
       p.call(++id, "liar", "{}", "kernel", std::string(60, 'm'));
       p.call(++id, "liar", "not JSON");
       p.wait("answers",
              [&] { return p.answers(wire::Code::denied) + p.answers(wire::Code::invalid) >= id; });
     }},
    {"long-caller", [](LyingPeer& p) { p.call(1, std::string(60'000, 'c')); }},
    {"large-calls",
     [](LyingPeer& p) {
       for (std::uint64_t id = 1; id <= 200; ++id) {
         p.wait("room", [&] { return p.link().backlog() < 256 * 1024; });
         p.call(id, "liar", std::string(kCallBodyBytesMax, 'b'));
       }
       p.wait("answers", [&] { return p.count(Kind::response) == 200; });
     }},
    {"call-twice",
     [](LyingPeer& p) {
       p.hold_back(true);
       p.call(5, "liar");
       p.call(5, "liar");
       p.hold_back(false);
     }},
    {"slots-of-nothing",
     [](LyingPeer& p) {
       pictures(p);
       p.send_table(Kind::pool_open, 2, wire::PoolOpenT{});
     }},
    {"huge-slots",
     [](LyingPeer& p) {
       pictures(p);
       wire::PoolOpenT open;
       open.slot_bytes = std::uint64_t{1} << 62;
       p.send_table(Kind::pool_open, 2, open);
       p.wait("a refusal", [&] { return p.count(Kind::pool_close) != 0; });
     }},
    {"slot-not-granted",
     [](LyingPeer& p) {
       pictures(p);
       p.granted(2, 4096);
       p.bulk_bits(p.bits(p.picture(4711, 64)));
     }},
    {"beyond-its-slot",
     [](LyingPeer& p) {
       pictures(p);
       const auto slot = p.granted(2, 4096);
       p.bulk_bits(p.bits(p.picture(slot, 1u << 30)));
     }},
    {"chunk-elsewhere",
     [](LyingPeer& p) {
       pictures(p);
       auto event = p.picture(p.granted(2, 4096), 1024);
       event.sequence = 1;
       p.bulk_bits(p.bits(event));
       p.bulk_chunk(2, 1, 512, 512);
     }},
    {"too-much-chunk",
     [](LyingPeer& p) {
       pictures(p);
       auto event = p.picture(p.granted(2, 4096), 1024);
       event.sequence = 1;
       p.bulk_bits(p.bits(event));
       p.bulk_chunk(2, 1, 0, 2048);
     }},
    {"bulk-chunk-of-nothing", [](LyingPeer& p) { p.bulk_chunk(2, 1, 0, 512); }},
    {"bulk-two-buffers",
     [](LyingPeer& p) {
       pictures(p);
       auto event = p.picture(p.granted(2, 4096), 1024);
       event.buffers.push_back(event.buffers.front());
       p.bulk_bits(p.bits(event));
     }},
    {"bulk-no-hops",
     [](LyingPeer& p) {
       pictures(p);
       auto event = p.picture(p.granted(2, 4096), 256);
       event.sequence = 1;
       event.hops.clear();
       p.bulk_bits(p.bits(event));
       p.bulk_chunk(2, 1, 0, 256);
     }},
    {"bulk-call",
     [](LyingPeer& p) {
       auto event = p.key();
       event.change = [](auto& header) {
         header.mutate_kind(static_cast<std::uint8_t>(Kind::request));
       };
       p.bulk_bits(p.bits(event));
     }},
    {"bulk-noise", [](LyingPeer& p) { p.bulk_bits(LyingPeer::Bits(4096, std::byte{0xEE})); }},
    {"bulk-4-gigabytes",
     [](LyingPeer& p) {
       auto event = p.key();
       event.change = [](auto& header) { header.mutate_payload_size(0xFFFFFFFF); };
       p.bulk_bits(p.bits(event));
     }},
    {"bulk-falling-slots",
     [](LyingPeer& p) {
       p.wait("a stream", [&] { return p.count(Kind::port_open) >= 2; });
       for (int again = 0; again < 2; ++again) {
         auto event = p.picture(9, 64);  // to the second of the streams: pictures
         event.payload.clear();
         event.hops.clear();
         event.change = [](auto& header) {
           header.mutate_kind(static_cast<std::uint8_t>(Kind::slots));
         };
         p.bulk_bits(p.bits(event));
       }
     }},
};

int tell(const Lie& lie, LyingPeer& peer) {
  lie.tell(peer);
  if (!peer.cut()) peer.settle();
  std::cout << (peer.cut() ? fmt::format("cut: {}", *peer.cut()) : "alive") << std::endl;
  return 0;
}

// Valid frames of all topics, each with some bytes changed: what is no frame any more
// the transport does not send, what the other side does not take is a link cut, and made
// again.
int mutants(LyingPeer& peer, std::uint32_t seed) {
  constexpr int kMutants = 5000;
  std::mt19937 random(seed);
  std::size_t cuts = 0;
  int sent = 0;
  const auto below = [&](std::size_t end) { return random() % end; };
  while (sent < kMutants) {
    if (peer.cut()) {
      ++cuts;
      peer.connect();
    }
    keys(peer);
    for (; sent < kMutants && !peer.cut(); ++sent) {
      auto event = peer.key();
      if (below(4) == 0) {
        static const wire::InputStateT kState{};
        PayloadWriter writer;
        const Bytes payload = writer.write(kState);
        event.payload.assign(payload.begin(), payload.end());
        event.topic = id_of(wire::Topic::input_state);
      }
      auto bits = peer.bits(event);
      // Mostly where a kernel looks later: flags, times, origins, the payload's fields.
      const std::size_t from = below(50) == 0 ? 4 : 32;
      for (std::size_t i = 0; i <= below(3); ++i)
        bits[from + below(bits.size() - from)] ^= static_cast<std::byte>(1 << below(8));
      FrameDecoder decoder(bits);
      if (Frame frame; decoder.next(frame)) peer.send(frame);
      if (sent % 64 == 0) peer.wait("a turn", [&] { return peer.link().backlog() == 0; });
    }
  }
  if (!peer.cut()) peer.settle();
  std::cout << "told " << sent << ", cut " << cuts << " times" << std::endl;
  return 0;
}

int run(const std::string& name, const std::string& folder, int port, std::uint32_t seed) {
  LyingPeer peer(name, folder, static_cast<std::uint16_t>(port));
  if (name == "mutants") return mutants(peer, seed);
  const auto lie = std::find_if(std::begin(kLies), std::end(kLies),
                                [&](const Lie& each) { return each.name == name; });
  if (lie == std::end(kLies)) throw std::runtime_error("there is no such lie");
  return tell(*lie, peer);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  try {
    return run(argv[1], argv[2], std::stoi(argv[3]),
               argc > 4 ? static_cast<std::uint32_t>(std::stoul(argv[4])) : 1);
  } catch (const std::exception& error) {
    std::cout << "failed: " << error.what() << std::endl;
    return 1;
  }
}

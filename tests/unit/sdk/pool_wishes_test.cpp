#include "tests/support/seed.hpp"
#include "tests/unit/sdk/screen_rig.hpp"

#include <map>

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr const char* kSpent = "the budget is spent";

struct Rig : ScreenRig {
  Rig() {
    out.on_pool_refused([this](const Error& error) { refusals.push_back(error.message()); });
  }
  // What the device asks for now, if it does.
  std::vector<std::uint64_t> asked() {
    std::vector<std::uint64_t> calls;
    for (const auto& frame : heard())
      if (frame.kind() == wire::FrameKind::request) calls.push_back(frame.header.sequence());
    return calls;
  }
  void refuse(std::uint64_t call) { answer(call, kSpent, wire::Code::exhausted); }

  std::vector<std::string> refusals;
};

}  // namespace

TEST_CASE("a pool that is refused while an old one closes is asked for again when that has") {
  Rig rig;
  rig.opened();
  auto held = rig.out.borrow();
  REQUIRE(held);
  rig.answer(rig.ask({.slot_bytes = 200}), R"({"pool":8})");
  rig.open_granted(8, {0}, 200);
  rig.close(7);  // as soon as the slot is back
  const auto call = rig.ask({.slot_bytes = 300});
  rig.refuse(call);
  CHECK(rig.asked().empty());
  CHECK(rig.refusals.empty());

  *held = Slot();
  const auto again = rig.asked();
  REQUIRE(again.size() == 1);
  rig.answer(again[0], R"({"pool":9})");
  rig.open_granted(9, {0}, 300);
  CHECK(rig.out.borrow()->bytes().size() == 300);
  CHECK(rig.refusals.empty());
}

TEST_CASE("a pool that has closed since the kernel was asked is reason enough to ask again, once") {
  Rig rig;
  rig.opened();
  rig.answer(rig.ask({.slot_bytes = 200}), R"({"pool":8})");
  rig.open_granted(8, {0}, 200);
  const auto call = rig.ask({.slot_bytes = 300});
  rig.close(7);  // in front of the refusal
  rig.refuse(call);
  const auto again = rig.asked();
  REQUIRE(again.size() == 1);
  rig.refuse(again[0]);
  CHECK(rig.asked().empty());
  CHECK(rig.refusals == std::vector<std::string>{kSpent});
  CHECK(rig.out.borrow()->bytes().size() == 200);
}

TEST_CASE("a refusal waits for the old pool that a new one has yet to take the place of") {
  Rig rig;
  rig.opened();
  rig.answer(rig.ask({.slot_bytes = 200}), R"({"pool":8})");
  rig.refuse(rig.ask({.slot_bytes = 300}));
  CHECK(rig.refusals.empty());
  rig.open_granted(8, {0}, 200);
  CHECK(rig.asked().empty());
  rig.close(7);
  CHECK(rig.asked().size() == 1);
}

TEST_CASE("a wish that a later one has overtaken is neither asked for again nor refused") {
  Rig rig;
  rig.opened();
  const auto first = rig.ask({.slot_bytes = 200});
  const auto second = rig.ask({.slot_bytes = 300});
  rig.refuse(first);
  CHECK(rig.asked().empty());
  CHECK(rig.refusals.empty());
  rig.answer(second, R"({"pool":8})");
  rig.open_granted(8, {0}, 300);
  CHECK(rig.out.borrow()->bytes().size() == 300);
}

TEST_CASE("a port that is closed forgets what it wished for") {
  Rig rig;
  rig.opened();
  rig.answer(rig.ask({.slot_bytes = 200}), R"({"pool":8})");
  rig.refuse(rig.ask({.slot_bytes = 300}));
  REQUIRE(rig.context().close_port(1));
  CHECK(names_of(rig.heard()) == "port_close");
  CHECK(rig.refusals.empty());
}

// A kernel with room for two pools, the one that another takes the place of being
// free; whoever asks in between is refused.
TEST_CASE("however quickly a source changes its size, it ends with a pool of the last one") {
  dkvm::test::Random random;
  INFO(random.again());
  Rig rig;
  std::map<std::uint32_t, std::uint64_t> pools;  // of the kernel, by number; bytes of a slot
  std::uint32_t last_pool = 6;
  std::uint32_t in_use = 0;
  std::vector<std::uint32_t> to_open, to_close;
  std::map<std::uint64_t, std::uint64_t> calls;  // not answered
  std::uint64_t size = 0;
  Slot held;

  const auto listen = [&] {
    for (const auto& frame : rig.heard()) {
      if (frame.kind() == wire::FrameKind::pool_closed) {
        pools.erase(frame.as<wire::PoolIdT>().pool);
      } else if (frame.kind() == wire::FrameKind::pool_mapped) {
        const std::uint32_t mapped = frame.as<wire::PoolIdT>().pool;
        if (in_use != 0) to_close.push_back(in_use);
        in_use = mapped;
      } else if (frame.kind() == wire::FrameKind::request) {
        const auto request = frame.as<wire::RequestT>();
        if (request.method != "memory.pool") continue;
        const auto at = request.body.find("slot_bytes\":") + 12;
        calls[frame.header.sequence()] = std::stoull(request.body.substr(at));
      }
    }
  };
  const auto answer_one = [&] {
    const auto [call, bytes] = *calls.begin();
    calls.erase(calls.begin());
    if (pools.size() >= 2) return rig.refuse(call);
    pools[++last_pool] = bytes;
    to_open.push_back(last_pool);
    rig.answer(call, "{\"pool\":" + std::to_string(last_pool) + "}");
  };
  const auto open_one = [&] {
    const std::uint32_t number = to_open.front();
    to_open.erase(to_open.begin());
    rig.open(rig.pool(number, true), make_memory(4 * kStride));
    listen();
    rig.grant(1, {ref(number, 0, pools.at(number))});
  };
  const auto close_one = [&] {
    const std::uint32_t number = to_close.front();
    to_close.erase(to_close.begin());
    rig.close(number);
  };
  const auto step = [&](std::uint64_t choice) {
    if (choice == 0 && !calls.empty()) answer_one();
    if (choice == 1 && !to_open.empty()) open_one();
    if (choice == 2 && !to_close.empty()) close_one();
    listen();
  };

  for (int i = 0; i < 300; ++i) {
    const std::uint64_t choice = random.between(0, 5);
    step(choice);
    if (choice == 3 && calls.size() < 4) REQUIRE(rig.out.open_pool({.slot_bytes = ++size}));
    if (choice == 4)
      if (auto slot = rig.out.borrow()) held = std::move(*slot);
    if (choice == 5) held = Slot();
    listen();
  }
  held = Slot();
  REQUIRE(rig.out.open_pool({.slot_bytes = ++size}));
  listen();
  while (!calls.empty() || !to_open.empty() || !to_close.empty())
    for (std::uint64_t choice = 0; choice < 3; ++choice) step(choice);
  CHECK(rig.refusals.empty());
  CHECK_FALSE(rig.has_ended());
  const auto slot = rig.out.borrow();
  REQUIRE(slot);
  CHECK(slot->bytes().size() == size);
}

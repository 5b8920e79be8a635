#include <dkvm/detail/held_codes.hpp>
#include <dkvm/events.hpp>

#include <catch2/catch.hpp>

using namespace dkvm;

namespace {

template <class Event>
bool follow(detail::HeldCodes& held, std::uint16_t port, const Event& event) {
  PayloadWriter writer;
  Frame frame{make_header(wire::FrameKind::event), {}, {}, writer.write(event)};
  frame.header.mutate_port(port);
  frame.header.mutate_topic(id_of(topic_of<Event>));
  return held.follow(frame);
}

}  // namespace

TEST_CASE("a code is held until it is up on every port where it was pressed") {
  detail::HeldCodes held;
  CHECK(follow(held, 1, key(29, true)));
  CHECK(follow(held, 2, key(29, true)));
  CHECK_FALSE(follow(held, 1, key(29, false)));
  CHECK(held.any());
  CHECK_FALSE(follow(held, 2, key(29, false)));
  CHECK_FALSE(held.any());
}

TEST_CASE("what a closed port held is forgotten, and nothing else") {
  detail::HeldCodes held;
  follow(held, 1, key(29, true));
  follow(held, 2, button(0x110, true));
  held.forget(1);
  held.forget(3);
  CHECK(held.any());
  held.forget(2);
  CHECK_FALSE(held.any());
}

TEST_CASE("a code beyond the last that there is presses nothing") {
  detail::HeldCodes held;
  CHECK_FALSE(follow(held, 1, key(kInputCodesMax, true)));
  CHECK_FALSE(held.any());
}

#include "tests/hostile/lie.hpp"

#include <cstdio>

namespace dkvm::test {
namespace {

using Kind = wire::FrameKind;
using Header = wire::FrameHeader;

LiarStream::Bits call(LiarStream& stream, std::uint64_t id, const std::string& target,
                      const std::string& method) {
  wire::RequestT request;
  request.target = target;
  request.method = method;
  request.caller = std::string("kernel");  // a lie by itself: the kernel writes over it
  request.deadline_ms = 60'000;
  request.body = std::string("{}");
  return stream.table(Kind::request, request, [id](Header& header) { header.mutate_sequence(id); });
}

// An answer to nobody is no crime: it may be late.
int answer_to_nobody(LiarStream& stream) {
  stream.enter();
  stream.put(stream.table(Kind::response, wire::ResponseT{},
                          [](Header& header) { header.mutate_sequence(4711); }));
  stream.put(
      LiarStream::frame(Kind::cancel, {}, [](Header& header) { header.mutate_sequence(1); }));
  return stream.goodbye();
}

int forged_answer(LiarStream& stream) {
  stream.enter();
  const std::vector<std::byte> nonsense(24, std::byte{0xEE});
  stream.put(LiarStream::frame(Kind::response, nonsense));
  return stream.live();
}

int forged_call(LiarStream& stream) {
  stream.enter();
  stream.put(LiarStream::frame(Kind::request));
  return stream.live();
}

int call_without_grant(LiarStream& stream) {
  stream.enter();
  stream.put(call(stream, 1, "kernel", "kernel.stop"));
  const auto answer = read_payload<wire::ResponseT>(stream.await(Kind::response).payload);
  std::fprintf(stderr, "<5>%s\n", answer->message.c_str());
  return answer->code == wire::Code::denied ? stream.goodbye() : 3;
}

// It is granted calls to itself, which it never answers.
int same_call_twice(LiarStream& stream) {
  stream.enter();
  stream.put(call(stream, 1, "same-call-twice", "sleep"));
  stream.put(call(stream, 1, "same-call-twice", "sleep"));
  return stream.live();
}

int three_hundred_calls(LiarStream& stream) {
  stream.enter();
  for (std::uint64_t id = 1; id <= 300; ++id)
    stream.put(call(stream, id, "three-hundred-calls", "sleep"));
  for (int refused = 0; refused < 300 - static_cast<int>(kCallsOutstandingMax); ++refused) {
    const auto answer = read_payload<wire::ResponseT>(stream.await(Kind::response).payload);
    if (answer->code != wire::Code::overloaded) return 3;
  }
  return stream.goodbye();
}

// Asks on and on, and never reads an answer.
template <Kind kind>
int never_read(LiarStream& stream) {
  stream.enter();
  LiarStream::Bits bits;
  for (std::uint64_t id = 1; id <= 100; ++id) {
    const auto one =
        kind == Kind::ping ? LiarStream::frame(kind) : call(stream, id, "kernel", "kernel.stop");
    bits.insert(bits.end(), one.begin(), one.end());
  }
  while (stream.put(bits)) {
  }
  for (;;) ::pause();
}

}  // namespace

std::vector<Lie> lies_in_calls() {
  return {{"answer-to-nobody", true, answer_to_nobody},
          {"forged-answer", true, forged_answer},
          {"forged-call", true, forged_call},
          {"call-without-grant", true, call_without_grant},
          {"same-call-twice", true, same_call_twice},
          {"three-hundred-calls", true, three_hundred_calls},
          {"unread-pongs", true, never_read<Kind::ping>},
          {"unread-answers", true, never_read<Kind::request>}};
}

}  // namespace dkvm::test

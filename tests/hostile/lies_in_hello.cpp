#include "tests/hostile/lie.hpp"

#include <string>

namespace dkvm::test {
namespace {

using Hello = wire::HelloT;
constexpr auto kSource = wire::Direction::source;

template <void (*Spoil)(Hello&)>
int say(LiarStream& stream) {
  Hello hello = honest_hello();
  Spoil(hello);
  stream.hello(hello);
  return stream.live();
}

int say_nothing(LiarStream& stream) { return stream.live(); }

int say_twice(LiarStream& stream) {
  stream.enter();
  stream.hello();
  return stream.live();
}

void other_type(Hello& hello) { hello.type = std::string("dummy-keyboard-source"); }
void other_port(Hello& hello) { hello.ports[0]->name = std::string("screen"); }
void other_direction(Hello& hello) { hello.ports[0]->direction = wire::Direction::sink; }
void other_topics(Hello& hello) { hello.ports[0]->topics = {"key", "clipboard"}; }
void other_abilities(Hello& hello) { hello.cleanup = true; }
void port_live(Hello& hello) { hello.ports[0]->live = true; }
void one_port_more(Hello& hello) { hello.ports.push_back(port_spec(7, "more", kSource, {"key"})); }
void one_port_less(Hello& hello) { hello.ports.pop_back(); }
void same_name(Hello& hello) { hello.ports[1]->name = hello.ports[0]->name; }
void same_id(Hello& hello) { hello.ports[1]->id = hello.ports[0]->id; }
void port_zero(Hello& hello) { hello.ports[0]->id = 0; }
void kernel_port(Hello& hello) { hello.ports[0]->id = kKernelPort; }
void no_name(Hello& hello) { hello.ports[0]->name.clear(); }
void endless_name(Hello& hello) { hello.ports[0]->name = std::string(5000, 'x'); }
void no_direction(Hello& hello) { hello.ports[0]->direction = static_cast<wire::Direction>(7); }
void empty_topic(Hello& hello) { hello.ports[0]->topics = {""}; }
void newer_protocol(Hello& hello) {
  hello.protocol_min = kProtocolVersion + 1;
  hello.protocol_max = kProtocolVersion + 2;
}
void no_protocol(Hello& hello) { hello.protocol_min = hello.protocol_max = 0; }
void three_hundred_ports(Hello& hello) {
  for (std::uint16_t id = 3; id <= 300; ++id)
    hello.ports.push_back(port_spec(id, "port" + std::to_string(id), kSource, {"key"}));
}
void all_topics(Hello& hello) {
  hello.ports.clear();
  for (std::uint16_t id = 1; id <= 20; ++id) {
    auto port = port_spec(id, "port" + std::to_string(id), kSource, {});
    for (int topic = 0; topic < 60; ++topic)
      port->topics.push_back("mine/" + std::to_string(id) + "/" + std::to_string(topic));
    hello.ports.push_back(std::move(port));
  }
}

}  // namespace

std::vector<Lie> lies_in_hello() {
  return {{"no-hello", true, say_nothing},
          {"hello-twice", true, say_twice},
          {"other-type", true, say<other_type>},
          {"other-port", true, say<other_port>},
          {"other-direction", true, say<other_direction>},
          {"other-topics", true, say<other_topics>},
          {"other-abilities", true, say<other_abilities>},
          {"port-live", true, say<port_live>},
          {"one-port-more", true, say<one_port_more>},
          {"one-port-less", true, say<one_port_less>},
          {"newer-protocol", true, say<newer_protocol>},
          {"no-protocol", true, say<no_protocol>},
          {"same-name", false, say<same_name>},
          {"same-id", false, say<same_id>},
          {"port-zero", false, say<port_zero>},
          {"kernel-port", false, say<kernel_port>},
          {"no-name", false, say<no_name>},
          {"endless-name", false, say<endless_name>},
          {"no-direction", false, say<no_direction>},
          {"empty-topic", false, say<empty_topic>},
          {"three-hundred-ports", false, say<three_hundred_ports>},
          {"all-topics", false, say<all_topics>}};
}

}  // namespace dkvm::test

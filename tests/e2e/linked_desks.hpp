#pragma once

#include "tests/e2e/desk.hpp"
#include "tests/support/free_port.hpp"

#include <string>
#include <vector>

namespace dkvm::test {

// Kernels that trust each other and are linked over loopback: the first listens,
// the others dial it. Each desk's link device is `network`. Other shapes are made of
// listening() and dialling(), whose devices are `network` and `uplink`.
class LinkedDesks {
 public:
  explicit LinkedDesks(const std::vector<std::string>& names = {"desk", "laptop"});

  Desk& operator[](const std::string& name);

  // Starts a desk with these devices and pipelines and its link; `link_keys` is more
  // of the link device's YAML, `link_config` more of its `config:`.
  void start(const std::string& name, const std::string& devices, const std::string& pipelines,
             const std::string& link_config = "", const std::string& link_keys = "");

  // The same without a start.
  void write(const std::string& name, const std::string& devices, const std::string& pipelines,
             const std::string& link_config = "", const std::string& link_keys = "");

  // The same with links of the test's own.
  void start_linked(const std::string& name, const std::string& links, const std::string& devices,
                    const std::string& pipelines);
  // Lines of the YAML: a desk's link that others dial, and one that dials another desk.
  std::string listening(const std::string& at, const std::string& config = "");
  std::string dialling(const std::string& at, const std::string& peer,
                       const std::string& device = "uplink");

  // An identity that a desk trusts, in the desk's folder `stranger-NAME`, which trusts it.
  // Before its start.
  void trust_stranger(const std::string& at, const std::string& name);
  // Where a desk listens.
  std::string port(const std::string& at) {
    return member(at).address.substr(member(at).address.rfind(':') + 1);
  }

  // As links.list of `at` has it; null while the peer is not there.
  Json link(const std::string& at, const std::string& peer);
  // Waits for it.
  void wait_link(const std::string& at, const std::string& peer, const std::string& state = "up");
  // Waits until a stream of the peer is open at both ends, or waits for the other.
  void wait_stream(const std::string& at, const std::string& peer, const std::string& stream,
                   const std::string& state = "open");

 private:
  struct Member {
    std::string name;
    std::unique_ptr<Desk> desk;
    std::string fingerprint;
    std::string address = "127.0.0.1:" + std::to_string(free_port());  // where it may listen
    std::vector<std::string> links{};                                  // its link devices
  };

  std::string link_yaml(Member& member, const std::string& config, const std::string& keys);
  static void add_link(Member& member, const std::string& device);
  Member& member(const std::string& name);

  std::vector<Member> members_;
};

}  // namespace dkvm::test

#pragma once

#include "tests/e2e/desk.hpp"
#include "tests/support/free_port.hpp"

#include <string>
#include <vector>

namespace dkvm::test {

// Kernels that trust each other and are linked over loopback: the first listens,
// the others dial it. Each desk's link device is `network`.
class LinkedDesks {
 public:
  explicit LinkedDesks(const std::vector<std::string>& names = {"desk", "laptop"});

  Desk& operator[](const std::string& name);

  // Starts a desk with these devices and pipelines and its link; `link_keys` is more
  // of the link device's YAML, `link_config` more of its `config:`.
  void start(const std::string& name, const std::string& devices, const std::string& pipelines,
             const std::string& link_config = "", const std::string& link_keys = "");

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
  };

  std::string link_yaml(const Member& member, const std::string& config, const std::string& keys);
  Member& member(const std::string& name);

  std::vector<Member> members_;
  std::string address_ = "127.0.0.1:" + std::to_string(free_port());  // of the first desk
};

}  // namespace dkvm::test

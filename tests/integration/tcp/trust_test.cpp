#include "tests/integration/tcp/rig.hpp"

#include <fcntl.h>
#include <unistd.h>

using namespace dkvm;
using namespace dkvm::test;
using namespace dkvm::tcp;

namespace {

PeerConfig pinned(const std::string& name, const Machine& machine) {
  PeerConfig peer;
  peer.name = name;
  peer.pins = {machine.identity().fingerprint()};
  return peer;
}

// What this process logs, in a file instead of on stderr, for a while.
class Log {
 public:
  explicit Log(std::string path) : path_(std::move(path)), before_(::dup(STDERR_FILENO)) {
    const Fd file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    ::dup2(file.get(), STDERR_FILENO);
  }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log() { ::dup2(before_.get(), STDERR_FILENO); }

  bool has(const std::string& words) const {
    return read_file(path_).find(words) != std::string::npos;
  }

 private:
  std::string path_;
  Fd before_;
};

}  // namespace

TEST_CASE("a file of pins that becomes wrong changes nothing") {
  test::Pair pair;
  pair.connect();
  const std::string before = read_file(pair.desk.folder.file("trust"));
  const Log log(pair.desk.folder.file("log"));
  pair.desk.folder.file("trust", "this is no pin\n");
  pair.world.wait("it is complained of", [&] { return log.has("is left as it was"); });
  CHECK(pair.there() != nullptr);
  CHECK(pair.here().up());
  // and what is mended counts again
  pair.desk.folder.file("trust", "");
  pair.world.wait("nobody is trusted", [&] { return pair.there() == nullptr; });
  pair.desk.folder.file("trust", before);
  pair.world.wait("the peer is known again", [&] { return pair.there() != nullptr; });
}

TEST_CASE("a pin of the configuration is enough, and the store cannot take it away") {
  test::Pair pair;
  Machine other("other", 33);
  pair.desk.trust("other", other);
  ServerConfig config;
  config.peers = {pinned("laptop", pair.laptop)};
  pair.listen(config);
  pair.dial();
  pair.wait_up();
  REQUIRE(pair.desk.store().remove("other"));
  pair.world.wait("the store was read", [&] { return pair.desk.told.has("removed other"); });
  CHECK(pair.there()->up());
  CHECK_FALSE(pair.desk.told.has("down"));
}

TEST_CASE("a certificate has one name: that of the configuration") {
  test::Pair pair;
  pair.desk.trust("somebody", pair.laptop);
  ServerConfig config;
  config.peers = {pinned("laptop", pair.laptop)};
  pair.listen(config);
  pair.dial();
  pair.wait_up();
  CHECK(pair.server->find("somebody") == nullptr);
}

TEST_CASE("no more peers have a link than peers_max allows") {
  test::Pair pair;
  Machine other("other", 33);
  pair.desk.trust("laptop", pair.laptop);
  pair.desk.trust("other", other);
  ServerConfig config;
  config.peers_max = 1;
  pair.listen(config);
  CHECK(pair.server->peers().size() == 1);
  REQUIRE(pair.desk.store().remove("laptop"));
  pair.world.wait("the other has its place",
                  [&] { return pair.server->find("other") != nullptr && pair.there() == nullptr; });
}

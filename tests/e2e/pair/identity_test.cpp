#include "tests/e2e/pair/machine.hpp"
#include "tests/support/run_program.hpp"

// `dkvmctl identity` and `dkvmctl trust`, which need no kernel.
using namespace dkvm;
using namespace dkvm::test;
using Catch::Matchers::Contains;

namespace {

const std::string kPin = "sha256:" + std::string(64, 'a');

struct Home {
  TempDir directory;
  std::string folder = directory.file("config/dkvm");

  Finished run(const std::string& command) const {
    return run_program("env -i DKVM_IDENTITY=" + folder + " " DKVM_BIN_DIR "/dkvmctl " + command);
  }
  nlohmann::json json(const std::string& command) const {
    const Finished done = run(command + " --json");
    INFO(done.output);
    REQUIRE(done.status == 0);
    return nlohmann::json::parse(done.output);
  }
};

}  // namespace

TEST_CASE("an identity is made once, shown, rotated, and the rotation undone or confirmed") {
  const Home home;
  CHECK_THAT(home.run("identity show").output, Contains("`dkvmctl identity make` makes one"));
  const auto first = home.json("identity make --name desk --kind ed25519");
  CHECK(first["name"] == "desk");
  CHECK(first["key"] == "ed25519");
  CHECK(first["folder"] == home.folder);
  const Finished again = home.run("identity make");
  CHECK(again.status == 1);
  CHECK_THAT(again.output, Contains("stays as it is"));
  CHECK(home.json("identity show") == first);
  CHECK_THAT(home.run("identity show").output,
             Contains("fingerprint  " + first["fingerprint"].get<std::string>() + "\n"));

  const Finished rotated = home.run("identity rotate");
  CHECK(rotated.status == 0);
  CHECK_THAT(rotated.output, Contains("pair anew with each"));
  const auto second = home.json("identity show");
  CHECK(second["fingerprint"] != first["fingerprint"]);
  CHECK(second["name"] == "desk");
  CHECK(second["key"] == "p256");
  CHECK(second["rotated"] == true);
  CHECK_THAT(home.run("identity rotate").output, Contains("--confirm"));
  CHECK(home.run("identity rotate --undo").status == 0);
  CHECK(home.json("identity show") == first);
  CHECK(home.run("identity rotate --confirm").status == 1);
  CHECK(home.run("identity rotate").status == 0);
  CHECK(home.run("identity rotate --confirm").status == 0);
  CHECK(home.json("identity show")["rotated"] == false);
}

TEST_CASE("openssl finds the same fingerprint, and a certificate that it can read") {
  const Home home;
  const auto identity = home.json("identity make --name desk");
  const Finished openssl = run_program("openssl x509 -noout -fingerprint -sha256 -subject -in " +
                                       home.folder + "/identity.crt");
  REQUIRE(openssl.status == 0);
  CHECK_THAT(openssl.output, Contains("CN = desk"));
  const std::size_t at = openssl.output.find('=') + 1;
  const auto print = trust::Fingerprint::parse("sha256:" + openssl.output.substr(at, 32 * 3 - 1));
  REQUIRE(print);
  CHECK(print->text() == identity["fingerprint"]);
}

TEST_CASE("peers are added, listed and removed") {
  const Home home;
  home.json("identity make --name desk");
  CHECK_THAT(home.run("trust list").output, Contains("nobody is trusted yet"));
  CHECK(home.json("trust add laptop " + kPin + " --comment 'the grey one'")["name"] == "laptop");
  CHECK_THAT(home.run("trust list").output, Contains("laptop  " + kPin + "  the grey one\n"));
  CHECK(home.json("trust list")["peers"][0]["fingerprint"] == kPin);
  const Finished taken = home.run("trust add laptop sha256:" + std::string(64, 'b'));
  CHECK(taken.status == 1);
  CHECK_THAT(taken.output, Contains("`dkvmctl trust remove laptop` first"));
  CHECK_THAT(home.run("trust remove laptop").output, Contains("is trusted no more"));
  CHECK(home.json("trust list")["peers"].empty());
  const Finished gone = home.run("trust remove laptop");
  CHECK(gone.status == 1);
  CHECK_THAT(gone.output, Contains("has no peer 'laptop'"));
}

TEST_CASE("what is no name, no fingerprint or oneself is not trusted") {
  const Home home;
  const std::string own = home.json("identity make --name desk")["fingerprint"];
  CHECK_THAT(home.run("trust add Laptop " + kPin).output, Contains("is no name of a peer"));
  CHECK_THAT(home.run("trust add laptop sha256:12").output, Contains("64 hexadecimal digits"));
  CHECK_THAT(home.run("trust add laptop " + own).output, Contains("of this machine itself"));
  CHECK(home.json("trust list")["peers"].empty());
}

TEST_CASE("a file of pins that is damaged is an error with its line") {
  const Home home;
  home.json("identity make --name desk");
  home.json("trust add laptop " + kPin);
  std::ofstream(home.folder + "/trust", std::ios::app) << "couch\n";
  const Finished list = home.run("trust list");
  CHECK(list.status == 1);
  CHECK_THAT(list.output, Contains(home.folder + "/trust:2: 'couch' has no fingerprint"));
  CHECK_THAT(home.run("trust list --json").output, Contains(R"({"error":{"code":"invalid")"));
}

TEST_CASE("a command that does not exist is named, also behind another") {
  const Home home;
  const Finished wrong = home.run("identity shw");
  CHECK(wrong.status == 2);
  CHECK_THAT(wrong.output, Contains("there is no command 'shw' (did you mean 'show'?)"));
}

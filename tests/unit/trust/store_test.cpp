#include "trust/store.hpp"

#include "tests/support/temp_dir.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <thread>

using namespace dkvm;
using namespace dkvm::trust;
using dkvm::test::read_file;
using dkvm::test::TempDir;

namespace {

Fingerprint print_of(int number) {
  return *Fingerprint::parse(fmt::format("sha256:{:064x}", number));
}

struct Pins {
  TempDir directory;
  std::filesystem::path folder = directory.path() / "dkvm";

  Store store() const {
    auto loaded = Store::load(folder);
    REQUIRE(loaded);
    return std::move(*loaded);
  }
  void write(const std::string& text) const {
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "trust", std::ios::trunc) << text;
    ::chmod((folder / "trust").c_str(), 0600);
  }
  std::string text() const { return read_file(folder / "trust"); }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("without a file nobody is trusted") {
  const Pins pins;
  CHECK(pins.store().peers().empty());
  CHECK(pins.store().find(print_of(1)) == nullptr);
}

TEST_CASE("a peer that is added is found by name and by pin, until it is removed") {
  const Pins pins;
  Store store = pins.store();
  REQUIRE(store.add({"laptop", print_of(1), "paired 2026-01-02"}));
  REQUIRE(store.add({"couch", print_of(2)}));
  CHECK(pins.text() ==
        "laptop " + print_of(1).text() + " paired 2026-01-02\ncouch " + print_of(2).text() + "\n");
  struct stat seen {};
  REQUIRE(::stat((pins.folder / "trust").c_str(), &seen) == 0);
  CHECK((seen.st_mode & 07777) == 0600);
  CHECK(pins.store().find(print_of(1))->name == "laptop");
  CHECK(pins.store().find("laptop")->comment == "paired 2026-01-02");
  REQUIRE(store.remove("laptop"));
  CHECK(store.find("laptop") == nullptr);
  CHECK(pins.store().peers().size() == 1);
  const auto again = store.remove("laptop");
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == Errc::not_found);
}

TEST_CASE("what people wrote into the file stays when it is changed") {
  const Pins pins;
  pins.write("# mine\n\n  laptop\t" + print_of(1).text() + "  grey one \r\n# laptop is old");
  Store store = pins.store();
  CHECK(store.peers().at(0).comment == "grey one");
  REQUIRE(store.add({"couch", print_of(2)}));
  REQUIRE(store.remove("laptop"));
  CHECK(pins.text() == "# mine\n\n# laptop is old\ncouch " + print_of(2).text() + "\n");
}

TEST_CASE("a name has one pin and a pin one name; the same peer twice is no error") {
  const Pins pins;
  Store store = pins.store();
  REQUIRE(store.add({"laptop", print_of(1)}));
  CHECK(store.add({"laptop", print_of(1)}));
  const auto renamed = store.add({"other", print_of(1)});
  REQUIRE_FALSE(renamed);
  CHECK(has(renamed.error().message(), "is trusted already, as 'laptop'"));
  CHECK(has(renamed.error().message(), "`dkvmctl trust remove laptop` first"));
  const auto replaced = store.add({"laptop", print_of(2)});
  REQUIRE_FALSE(replaced);
  CHECK(has(replaced.error().message(), "as " + print_of(1).text()));
  CHECK(has(replaced.error().message(), "`dkvmctl trust remove laptop` first"));
  CHECK(pins.store().peers().size() == 1);
}

TEST_CASE("what would break the file is not written into it") {
  const Pins pins;
  Store store = pins.store();
  CHECK_FALSE(store.add({"Laptop", print_of(1)}));
  CHECK_FALSE(store.add({"#", print_of(1)}));
  CHECK_FALSE(store.add({"laptop", print_of(1), "two\nlines"}));
  CHECK(pins.store().peers().empty());
}

TEST_CASE("a line that is wrong is an error with its place, and nobody is trusted") {
  const std::string good = "laptop " + print_of(1).text() + "\n";
  const std::pair<std::string, std::string> cases[] = {
      {good + "Couch " + print_of(2).text(), "t:2: 'Couch' is no name of a peer"},
      {"# x\n\ncouch\n", "t:3: 'couch' has no fingerprint, expected `NAME sha256:…`"},
      {good + "couch 1234\n", "t:2: '1234' is no fingerprint, expected sha256:"},
      {good + good, "t:2: 'laptop' is trusted already"},
      {good + "couch " + print_of(1).text(), "t:2: " + print_of(1).text() + " is trusted already"},
      {std::string("a\0b", 3), "t:1: "},
  };
  for (const auto& [text, message] : cases) {
    const auto peers = parse_trust(text, "t");
    REQUIRE_FALSE(peers);
    CHECK(peers.error().code() == Errc::invalid);
    INFO(peers.error().message());
    CHECK(peers.error().message().starts_with(message));
  }
}

TEST_CASE("a file that others can change, or that has no end, trusts nobody") {
  const Pins pins;
  pins.write("laptop " + print_of(1).text() + "\n");
  ::chmod((pins.folder / "trust").c_str(), 0666);
  const auto open = Store::load(pins.folder);
  REQUIRE_FALSE(open);
  CHECK(open.error().code() == Errc::denied);
  pins.write(std::string(2 * 1024 * 1024, '\n'));
  CHECK_FALSE(Store::load(pins.folder));
  std::string many;
  for (int i = 0; i <= 4096; ++i) many += fmt::format("p{} {}\n", i, print_of(i).text());
  pins.write(many);
  const auto full = Store::load(pins.folder);
  REQUIRE_FALSE(full);
  CHECK(has(full.error().message(), "trust:4097: more than 4096 peers"));
}

TEST_CASE("two that add at once both find what the other has added") {
  const Pins pins;
  const auto add = [&](int first) {
    auto store = Store::load(pins.folder);
    for (int i = first; i < first + 20; ++i)
      if (store) (void)store->add({fmt::format("p{}", i), print_of(i)});
  };
  std::thread one(add, 0);
  std::thread other(add, 100);
  one.join();
  other.join();
  CHECK(pins.store().peers().size() == 40);
}

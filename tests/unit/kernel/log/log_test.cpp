#include "kernel/log/log.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "kernel/log/output.hpp"

using namespace dkvm;
namespace fs = std::filesystem;

namespace {

struct TemporaryFolder {
  fs::path path;
  TemporaryFolder() {
    std::string name = fs::temp_directory_path() / "dkvm-log-XXXXXX";
    REQUIRE(::mkdtemp(name.data()));
    path = name;
  }
  ~TemporaryFolder() { fs::remove_all(path); }
};

std::string contents(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("kernel and devices share one format") {
  std::string line;
  format_record({1, 1'795'165'200'123'456'789, LogLevel::info, "kbd0", "text"}, line);
  CHECK(line == "2026-11-20T09:00:00.123Z info  device kbd0: text");
  line.clear();
  format_record({1, 1'795'165'200'000'000'000, LogLevel::error, "", "text"}, line);
  CHECK(line == "2026-11-20T09:00:00.000Z error kernel: text");
}

TEST_CASE("the log file has a line for each record that passes the level") {
  const TemporaryFolder folder;
  const std::string file = folder.path / "log";
  Log log({LogLevel::info, file, kLogRingBytesDefault});
  log.write(LogLevel::info, "kbd0", "hello\x1B");
  log.debug("not {}", "shown");
  log.set_level(LogLevel::debug);
  log.debug("now {}", "shown");
  const std::string text = contents(file);
  CHECK_THAT(text, Catch::Contains(" info  device kbd0: hello\\x1b\n"));
  CHECK_THAT(text, Catch::Contains(" debug kernel: now shown\n"));
  CHECK_THAT(text, !Catch::Contains("not shown"));
  CHECK(log.ring().records() == 2);
}

TEST_CASE("after a rotation the log goes on in a new file") {
  const TemporaryFolder folder;
  const fs::path file = folder.path / "log";
  Log log({LogLevel::info, file, kLogRingBytesDefault});
  log.info("before");
  fs::rename(file, folder.path / "log.1");
  log.reopen();
  log.info("after");
  CHECK_THAT(contents(folder.path / "log.1"), Catch::Contains("before"));
  CHECK_THAT(contents(file), Catch::Contains("after") && !Catch::Contains("before"));
}

TEST_CASE("a log file that cannot be opened leaves the ring at work") {
  const TemporaryFolder folder;
  Log log({LogLevel::info, folder.path / "no" / "such" / "folder", kLogRingBytesDefault});
  log.info("still here");
  CHECK(log.ring().records() == 1);
}

TEST_CASE("a listener hears what is kept") {
  const TemporaryFolder folder;
  Log log({LogLevel::info, folder.path / "log", kLogRingBytesDefault});
  std::vector<std::uint64_t> heard;
  log.on_record([&](const LogRecord& record) { heard.push_back(record.sequence); });
  log.info("one");
  log.debug("none");
  log.info("two");
  CHECK(heard == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("a pipe that nobody reads does not hold the log up, and the loss is said") {
  const TemporaryFolder folder;
  const std::string path = folder.path / "fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  REQUIRE(reader);
  detail::LogOutput output(path);
  const std::string line(1000, 'x');
  for (int i = 0; i < 200; ++i) output.write(line);
  const auto dropped = output.dropped();
  CHECK(dropped > 0);

  std::string text(1 << 20, '\0');
  text.resize(static_cast<std::size_t>(::read(reader.get(), text.data(), text.size())));
  CHECK_THAT(text, !Catch::Contains("could not be written"));
  output.write("back");
  text.assign(1 << 20, '\0');
  text.resize(static_cast<std::size_t>(::read(reader.get(), text.data(), text.size())));
  CHECK_THAT(text, Catch::Contains(fmt::format("[{} lines of the log could not", dropped)));
  CHECK_THAT(text, Catch::EndsWith("back\n"));
}

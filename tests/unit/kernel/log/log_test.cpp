#include "kernel/log/log.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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

// What this process writes to stderr, in a file, until it goes out of scope.
class StderrInto {
 public:
  explicit StderrInto(const fs::path& file) : before_(::dup(STDERR_FILENO)) {
    const UniqueFd to(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    REQUIRE(::dup2(to.get(), STDERR_FILENO) == STDERR_FILENO);
  }
  ~StderrInto() { ::dup2(before_.get(), STDERR_FILENO); }
  StderrInto(const StderrInto&) = delete;
  StderrInto& operator=(const StderrInto&) = delete;

 private:
  UniqueFd before_;
};

std::string contents(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("kernel and devices share one format") {
  std::string line;
  format_record({1, 1'795'165'200'123'456'789, RecordLevel::info, "kbd0", "text"}, line);
  CHECK(line == "2026-11-20T09:00:00.123Z info    device kbd0: text");
  line.clear();
  format_record({1, 1'795'165'200'000'000'000, RecordLevel::error, "", "text"}, line);
  CHECK(line == "2026-11-20T09:00:00.000Z error   kernel: text");
}

TEST_CASE("the log file has a line for each record that passes the level") {
  const TemporaryFolder folder;
  const std::string file = folder.path / "log";
  Log log(LogOptions{});
  REQUIRE(log.open_file(file));
  log.write(RecordLevel::info, "kbd0", "hello\x1B");
  log.debug("not {}", "shown");
  log.set_level(RecordLevel::debug);
  log.debug("now {}", "shown");
  const std::string text = contents(file);
  CHECK_THAT(text, Catch::Contains(" info    device kbd0: hello\\x1b\n"));
  CHECK_THAT(text, Catch::Contains(" debug   kernel: now shown\n"));
  CHECK_THAT(text, !Catch::Contains("not shown"));
  CHECK(log.ring().records() == 2);
}

TEST_CASE("after a rotation the log goes on in a new file") {
  const TemporaryFolder folder;
  const fs::path file = folder.path / "log";
  Log log(LogOptions{});
  REQUIRE(log.open_file(file));
  log.info("before");
  fs::rename(file, folder.path / "log.1");
  log.reopen();
  log.info("after");
  CHECK_THAT(contents(folder.path / "log.1"), Catch::Contains("before"));
  CHECK_THAT(contents(file), Catch::Contains("after") && !Catch::Contains("before"));
}

TEST_CASE("a log file that cannot be opened is refused by name and reason") {
  const TemporaryFolder folder;
  Log log(LogOptions{});
  const std::string file = folder.path / "no" / "k.log";
  const auto opened = log.open_file(file);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message() ==
        "the log file " + file + " cannot be written: No such file or directory");
}

TEST_CASE("a log file that cannot be reopened is replaced by stderr, which is said once") {
  const TemporaryFolder folder;
  fs::create_directory(folder.path / "logs");
  const StderrInto captured(folder.path / "stderr");
  Log log(LogOptions{});
  REQUIRE(log.open_file(folder.path / "logs" / "k.log"));
  fs::rename(folder.path / "logs", folder.path / "old");
  log.reopen();
  log.info("one");
  log.info("two");
  const std::string text = contents(folder.path / "stderr");
  CHECK_THAT(text, Catch::StartsWith("dkvm-kernel: ") && Catch::Contains("logs/k.log"));
  CHECK_THAT(text, Catch::Contains("kernel: one\n") && Catch::Contains("kernel: two\n"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
  fs::create_directory(folder.path / "logs");
  log.reopen();
  log.info("three");
  CHECK_THAT(contents(folder.path / "logs" / "k.log"), Catch::Contains("kernel: three\n"));
}

TEST_CASE("the log keeps no more lines than it was told") {
  const TemporaryFolder folder;
  Log log({RecordLevel::info, kLogRingBytesDefault, 100});
  REQUIRE(log.open_file(folder.path / "log"));
  for (int i = 0; i < 1000; ++i) log.info("line {}", i);
  CHECK(log.ring().records() == 100);
  CHECK(log.ring().read(0, {}, 1).records.front().text == "line 900");
}

TEST_CASE("a listener hears what is kept") {
  const TemporaryFolder folder;
  Log log(LogOptions{});
  REQUIRE(log.open_file(folder.path / "log"));
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
  detail::LogOutput output;
  REQUIRE(output.open(path));
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

// One device of two hundred changes in the file; the others count all the while.

#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/statistics.hpp"
#include "tools/bench/operate/parts.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr int kRounds = 30;
constexpr double kNumbersHz = 20;
constexpr double kReloadMsMax = 200;
constexpr milliseconds kAnswerTimeMax{10'000};
constexpr milliseconds kPause{100};  // between reloads: numbers flow
constexpr const char* kAnswered = "request → answer";
constexpr const char* kRunning = "request → the new process is ready";

// A client of the control socket, connected before anything is measured.
class Caller {
 public:
  static Result<Caller> connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
      return fail(Errc::invalid, "the path of the control socket is too long: " + path);
    std::memcpy(address.sun_path, path.data(), path.size());
    detail::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd ||
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
      return fail(Errc::disconnected, "nobody listens at " + path);
    return Caller(std::move(fd));
  }

  // Errors: what the kernel says · timeout · disconnected
  Result<nlohmann::json> reload() {
    const std::string request = R"({"id":1,"target":"kernel","method":"kernel.reload","params":{}})"
                                "\n";
    if (::send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
      return fail(Errc::disconnected, "the control device has hung up");
    std::string line;
    while (!line.ends_with('\n')) {
      DKVM_TRY(const bool ready, wait_readable(fd_.get(), kAnswerTimeMax));
      if (!ready) return fail(Errc::timeout, "no answer to the reload");
      std::array<char, 4096> bytes;
      const ssize_t got = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
      if (got <= 0) return fail(Errc::disconnected, "the control device has hung up");
      line.append(bytes.data(), static_cast<std::size_t>(got));
    }
    const auto answer = nlohmann::json::parse(line, nullptr, false);
    if (!answer.is_object() || !answer.contains("result"))
      return fail(Errc::invalid, "the reload was refused: " + line);
    return answer.at("result");
  }

 private:
  explicit Caller(detail::Fd fd) : fd_(std::move(fd)) {}
  detail::Fd fd_;
};

double since_ms(std::uint64_t start_ns, std::uint64_t end_ns) {
  return static_cast<double>(end_ns - start_ns) / 1e6;
}

}  // namespace

Result<> measure_reload(OperateBench& bench, CrowdDesk& desk) {
  DKVM_TRY(Caller caller, Caller::connect(desk.socket()));
  DKVM_CHECK(desk.count(kNumbersHz));
  std::vector<double> answered_ms;
  std::vector<double> running_ms;
  for (int turn = 1; turn <= rounds_of(kRounds, bench.options); ++turn) {
    bench.options.progress(fmt::format("reload {}", turn));
    DKVM_CHECK(sleep_for(kPause));
    DKVM_CHECK(desk.change_idle(turn));
    const std::uint64_t start_ns = now_ns();
    DKVM_TRY(const nlohmann::json answer, caller.reload());
    answered_ms.push_back(since_ms(start_ns, now_ns()));
    if (answer.at("changed") != nlohmann::json({CrowdDesk::kIdle}))
      return fail(Errc::corrupt, "the reload has changed something else: " + answer.dump());
    DKVM_TRY(const Introduction ready,
             desk.conductor().await_next(CrowdDesk::kIdle, start_ns, kAnswerTimeMax));
    running_ms.push_back(since_ms(start_ns, ready.ready_ns));
  }
  DKVM_TRY(const CrowdDesk::Tally tally, desk.tally());

  Table table{"a reload that changes one of 200 devices",
              {{"p50_ms", "p50 ms", 1}, {"max_ms", "max ms", 1}},
              {}};
  const auto add = [&](const char* name, std::vector<double>& samples) {
    Row& row = table.row(name);
    row.add("p50_ms", quantile(samples, 0.5));
    row.add("max_ms", quantile(samples, 1));
  };
  add(kAnswered, answered_ms);
  add(kRunning, running_ms);
  auto& goals = bench.report.goals;
  for (const auto& [name, row] :
       {std::pair("reload_answer", kAnswered), std::pair("reload", kRunning)})
    goals.push_back({name,
                     fmt::format("a reload, {}, the slowest", row),
                     Bound::at_most,
                     kReloadMsMax,
                     "ms",
                     table.row(row).at("max_ms"),
                     {}});
  goals.push_back({"reload_lost",
                   "numbers of the others that were lost, doubled or disordered",
                   Bound::at_most,
                   0,
                   "",
                   Series({tally.wrong}),
                   {}});
  bench.report.notes.push_back(fmt::format("{:.0f} numbers passed during the reloads", tally.sent));
  bench.report.tables.push_back(std::move(table));
  return {};
}

}  // namespace dkvm::bench

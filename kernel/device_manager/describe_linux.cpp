#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "kernel/device_manager/describe.hpp"
#include "kernel/log/lines.hpp"

namespace dkvm {
namespace {

constexpr std::size_t kReadBytesMax = 16 * 1024;
constexpr std::size_t kErrorBytesMax = 4096;

// One program that is being asked.
class Question {
 public:
  Question(Process process, std::string path, TimePoint deadline)
      : process_(std::move(process)), path_(std::move(path)), deadline_(deadline) {}
  Question(Question&&) = default;
  Question& operator=(Question&&) = delete;
  ~Question() {
    if (process_.handle) end();
  }

  bool answered() const { return answer_.has_value(); }
  TimePoint deadline() const { return deadline_; }
  Result<std::string> take() { return *std::move(answer_); }

  void watch(std::vector<pollfd>& fds) const {
    fds.push_back({process_.handle.get(), POLLIN, 0});
    if (process_.output) fds.push_back({process_.output.get(), POLLIN, 0});
    if (process_.log) fds.push_back({process_.log.get(), POLLIN, 0});
  }

  // Looks at everything that may have happened.
  void look(TimePoint now) {
    const bool ended = has_ended();  // asked first: what it wrote before is then all there
    read_all(process_.output, output_, kDescribeBytesMax + 1);
    read_all(process_.log, errors_, kErrorBytesMax);
    if (output_.size() > kDescribeBytesMax)
      refuse(Errc::invalid, fmt::format("its answer exceeds {} bytes", kDescribeBytesMax));
    else if (ended)
      judge(end());
    else if (now >= deadline_)
      refuse(Errc::timeout, "no answer in time");
  }

 private:
  bool has_ended() const {
    pollfd fd{process_.handle.get(), POLLIN, 0};
    return ::poll(&fd, 1, 0) == 1;
  }

  // Keeps the first bytes_max bytes, reads and forgets the rest.
  static void read_all(UniqueFd& fd, std::string& into, std::size_t bytes_max) {
    std::array<char, kReadBytesMax> buffer;
    while (fd && into.size() < bytes_max) {
      const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0 && errno != EINTR) return fd.reset();
      if (count > 0)
        into.append(buffer.data(),
                    std::min(static_cast<std::size_t>(count), bytes_max - into.size()));
    }
    if (into.size() >= bytes_max) fd.reset();
  }

  // Kills the group while its leader, dead or alive, still holds the id.
  ExitStatus end() {
    ::kill(-process_.pid, SIGKILL);
    int raw = 0;
    while (::waitpid(process_.pid, &raw, 0) < 0 && errno == EINTR) {
    }
    process_.handle.reset();
    if (WIFSIGNALED(raw)) return {0, WTERMSIG(raw)};
    return {WEXITSTATUS(raw), 0};
  }

  void judge(ExitStatus status) {
    if (status.ok()) {
      answer_ = std::move(output_);
      return;
    }
    const bool missing =
        status.signal == 0 && (status.code == kExitNotFound || status.code == kExitNotExecutable);
    refuse(missing ? Errc::not_found : Errc::invalid, dkvm::describe(status));
  }

  void refuse(Errc code, std::string_view what) {
    if (process_.handle) end();
    std::string text = fmt::format("asking {} --describe: {}", path_, what);
    std::string_view first = std::string_view(errors_).substr(0, errors_.find('\n'));
    if (first.size() >= 3 && first[0] == '<' && first[2] == '>') first.remove_prefix(3);
    if (!first.empty()) text += fmt::format(" ({})", printable(first));
    answer_ = fail(code, std::move(text));
  }

  Process process_;
  std::string path_;
  TimePoint deadline_;
  std::string output_;
  std::string errors_;
  std::optional<Result<std::string>> answer_;
};

SpawnRequest request_for(const Program& program) {
  SpawnRequest request{program, Stdio::capture, 0};
  request.program.args.emplace_back("--describe");
  return request;
}

// Waits until something has happened to one of them, or a deadline has passed.
void wait(const std::vector<Question>& questions) {
  std::vector<pollfd> fds;
  TimePoint until = kNever;
  for (const Question& question : questions) {
    if (question.answered()) continue;
    question.watch(fds);
    until = std::min(until, question.deadline());
  }
  const Duration left = std::max(until - Clock::now(), Duration(0));
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  ::poll(fds.data(), static_cast<nfds_t>(fds.size()), static_cast<int>(ms));
}

bool all_answered(const std::vector<Question>& questions) {
  return std::ranges::all_of(questions, &Question::answered);
}

void ask_batch(Spawner& spawner, const Program* begin, const Program* end, Duration timeout,
               std::vector<Result<std::string>>& answers) {
  std::vector<Question> questions;
  std::vector<std::size_t> places;
  for (const Program* program = begin; program != end; ++program) {
    auto process = spawner.spawn(request_for(*program));
    if (!process) {
      answers.push_back(fail(std::move(process).error()));
      continue;
    }
    places.push_back(answers.size());
    answers.push_back(std::string());
    questions.emplace_back(*std::move(process), program->path, Clock::now() + timeout);
  }
  while (!all_answered(questions)) {
    wait(questions);
    for (Question& question : questions)
      if (!question.answered()) question.look(Clock::now());
  }
  for (std::size_t i = 0; i < questions.size(); ++i) answers[places[i]] = questions[i].take();
}

}  // namespace

std::vector<Result<std::string>> describe_all(Spawner& spawner,
                                              const std::vector<Program>& programs,
                                              Duration timeout) {
  std::vector<Result<std::string>> answers;
  answers.reserve(programs.size());
  for (std::size_t from = 0; from < programs.size(); from += kDescribeParallelMax) {
    const std::size_t count = std::min(kDescribeParallelMax, programs.size() - from);
    const Program* first = programs.data() + from;
    ask_batch(spawner, first, first + count, timeout, answers);
  }
  return answers;
}

Result<std::string> describe(Spawner& spawner, const Program& program, Duration timeout) {
  return std::move(describe_all(spawner, {program}, timeout).front());
}

}  // namespace dkvm

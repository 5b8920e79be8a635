#include "kernel/device_manager/describe.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "kernel/log/lines.hpp"

namespace dkvm {
namespace {

constexpr std::size_t kReadBytesMax = 16 * 1024;
constexpr std::size_t kErrorBytesMax = 4096;

// What comes out of one of its pipes, up to a limit.
class Captured {
 public:
  Captured(Loop& loop, UniqueFd fd, std::size_t bytes_max, std::function<void()> on_full)
      : bytes_max_(bytes_max),
        on_full_(std::move(on_full)),
        fd_(std::move(fd)),
        poll_(loop, fd_.get(), [this](PollEvents) { read(); }) {
    poll_.watch(true, false);
  }

  // All that is there now.
  void read() {
    std::array<char, kReadBytesMax> buffer;
    while (!ended_) {
      const ssize_t count = ::read(fd_.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EAGAIN) return;
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return end();
      const std::size_t room = bytes_max_ - text_.size();
      text_.append(buffer.data(), std::min(static_cast<std::size_t>(count), room));
      if (static_cast<std::size_t>(count) > room) {
        full_ = true;
        end();
        if (on_full_) on_full_();
      }
    }
  }

  bool full() const { return full_; }
  std::string& text() { return text_; }

 private:
  void end() {
    ended_ = true;
    poll_.watch(false, false);
  }

  std::size_t bytes_max_;
  std::function<void()> on_full_;
  std::string text_;
  bool ended_ = false;
  bool full_ = false;
  UniqueFd fd_;
  Poll poll_;  // goes before fd_
};

}  // namespace

// One program that is being asked. Its end is awaited in any case: it is what
// ends the question.
class Describer::Question {
 public:
  using Answered = std::function<void(Result<std::string>)>;

  Question(Loop& loop, Reaper& reaper, Process process, std::string path, Duration timeout,
           Answered answered)
      : reaper_(reaper),
        pid_(process.pid),
        path_(std::move(path)),
        answered_(std::move(answered)),
        output_(loop, std::move(process.output), kDescribeBytesMax, [this] { kill(); }),
        errors_(loop, std::move(process.log), kErrorBytesMax, {}),
        timer_(loop, [this] {
          late_ = true;
          kill();
        }) {
    timer_.arm_in(timeout);
    reaper_.watch(pid_, std::move(process.handle),
                  {[this](ExitStatus status) { on_exited(status); }, {}});
  }
  ~Question() {
    if (pid_ != 0) reaper_.abandon(pid_);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

 private:
  void kill() { reaper_.signal(pid_, KillSignal::kill); }

  // What it wrote before its end is all there by now.
  void on_exited(ExitStatus status) {
    pid_ = 0;
    output_.read();
    errors_.read();
    answered_(judge(status));  // the last that is done here
  }

  Result<std::string> judge(ExitStatus status) {
    if (output_.full())
      return refuse(Errc::invalid, fmt::format("its answer exceeds {} bytes", kDescribeBytesMax));
    if (status.ok()) return std::move(output_.text());
    if (late_) return refuse(Errc::timeout, "no answer in time");
    const bool missing =
        status.signal == 0 && (status.code == kExitNotFound || status.code == kExitNotExecutable);
    return refuse(missing ? Errc::not_found : Errc::invalid, dkvm::describe(status));
  }

  tl::unexpected<Error> refuse(Errc code, std::string_view what) {
    std::string text = fmt::format("asking {} --describe: {}", path_, what);
    std::string_view first = std::string_view(errors_.text());
    first = first.substr(0, first.find('\n'));
    if (first.size() >= 3 && first[0] == '<' && first[2] == '>') first.remove_prefix(3);
    if (!first.empty()) text += fmt::format(" ({})", printable(first));
    return fail(code, std::move(text));
  }

  Reaper& reaper_;
  ProcessId pid_;
  std::string path_;
  Answered answered_;
  bool late_ = false;
  Captured output_;
  Captured errors_;
  Timer timer_;
};

Describer::Describer(Loop& loop, Spawner& spawner, Reaper& reaper, Duration timeout)
    : loop_(loop), spawner_(spawner), reaper_(reaper), timeout_(timeout) {}

Describer::~Describer() = default;

void Describer::ask(std::vector<Program> programs, Done done) {
  if (programs.empty()) return done({});
  // Shared by its questions, of which nobody knows which will be the last.
  const auto round = std::make_shared<Round>();
  round->answers.resize(programs.size(), std::string());
  round->open = programs.size();
  round->done = std::move(done);
  for (std::size_t place = 0; place < programs.size(); ++place)
    waiting_.push_back({std::move(programs[place]), round, place});
  start_waiting();
}

void Describer::start_waiting() {
  while (!waiting_.empty() && asked_.size() < kDescribeParallelMax) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    start(std::move(next));
  }
}

void Describer::start(Waiting waiting) {
  SpawnRequest request{std::move(waiting.program), Stdio::capture};
  request.program.args.emplace_back("--describe");
  auto process = spawner_.spawn(request);
  if (!process) return answer(*waiting.round, waiting.place, fail(std::move(process).error()));
  const auto at = asked_.emplace(asked_.end());
  *at = std::make_unique<Question>(
      loop_, reaper_, *std::move(process), request.program.path, timeout_,
      [this, at, round = waiting.round, place = waiting.place](Result<std::string> text) {
        // The question, and this closure with it, live until the end of the call.
        const auto question = std::move(*at);
        asked_.erase(at);
        answer(*round, place, std::move(text));
        start_waiting();
      });
}

void Describer::answer(Round& round, std::size_t place, Result<std::string> text) {
  round.answers[place] = std::move(text);
  if (--round.open == 0) round.done(std::move(round.answers));
}

}  // namespace dkvm

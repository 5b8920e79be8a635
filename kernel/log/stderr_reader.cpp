#include "kernel/log/stderr_reader.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace dkvm {
namespace {

constexpr std::size_t kReadBytesMax = 4096;
constexpr std::size_t kDrainBytesMax = 1024 * 1024;  // the largest pipe of an ordinary user

}  // namespace

StderrReader::StderrReader(Loop& loop, UniqueFd fd, LogRate rate, LineSplitter::Sink sink)
    : lines_(std::move(sink)),
      rate_(rate, Clock::now()),
      fd_(std::move(fd)),
      timer_(loop, [this] { poll_.watch(true, false); }),
      poll_(loop, fd_.get(), [this](PollEvents) { on_readable(); }) {
  poll_.watch(true, false);
}

void StderrReader::on_readable() {
  const TimePoint now = Clock::now();
  const std::size_t allowed = rate_.allow(kReadBytesMax, now);
  if (allowed != 0) {
    read_some(allowed);
    return;
  }
  poll_.watch(false, false);
  timer_.arm_at(rate_.ready_at(now));
}

void StderrReader::drain() {
  timer_.disarm();
  poll_.watch(false, false);
  std::size_t left = kDrainBytesMax;
  while (left >= kReadBytesMax && !ended_ && read_some(kReadBytesMax)) left -= kReadBytesMax;
  lines_.finish();
}

bool StderrReader::read_some(std::size_t bytes_max) {
  std::array<char, kReadBytesMax> buffer;
  const ssize_t count = ::read(fd_.get(), buffer.data(), std::min(bytes_max, buffer.size()));
  if (count > 0) {
    rate_.spend(static_cast<std::size_t>(count));
    lines_.feed({buffer.data(), static_cast<std::size_t>(count)});
    return true;
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  ended_ = true;
  poll_.watch(false, false);
  return false;
}

}  // namespace dkvm

#include <dkvm/device_main.hpp>
#include <dkvm/fd.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string_view>

// Numbers without end, as the ways of a wheel, which no policy may drop or sum up:
//
//   number_device source    one a millisecond from 1, the last in `file`
//   number_device sink      the last that came in `file`, and how many did not follow
//                           their predecessor
namespace {

using namespace dkvm;

constexpr std::chrono::milliseconds kEvery{1};

// Two numbers, whole at any moment.
class Tally {
 public:
  Result<> open(Context& context) {
    DKVM_TRY(const std::string path, context.config().text("file"));
    file_ = Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file_) return fail(Errc::denied, "writing " + path);
    write(0, 0);
    return {};
  }
  void write(std::int64_t last, std::int64_t wrong) const {
    std::array<char, 64> text{};
    const int length = std::snprintf(text.data(), text.size(), "%12lld %12lld\n",
                                     static_cast<long long>(last), static_cast<long long>(wrong));
    if (::pwrite(file_.get(), text.data(), static_cast<std::size_t>(length), 0) != length)
      log_error("writing the tally failed");
  }

 private:
  Fd file_;
};

class NumberSource final : public Device {
 public:
  NumberSource() : Device("number-source", "Counts") {
    option({.name = "file", .type = ValueType::path, .help = "the last number", .required = true});
  }
  Result<> start(Context& context) override {
    DKVM_CHECK(tally_.open(context));
    next(context);
    return {};
  }

 private:
  void next(Context& context) {
    if (const auto sent = numbers_.emit(scroll(0, last_ + 1)); sent)
      tally_.write(++last_, 0);
    else
      log_error(sent.error().message());
    context.after(kEvery, [this, &context] { next(context); });
  }

  OutPort& numbers_ = source<PointerScroll>({.name = "numbers"});
  Tally tally_;
  std::int32_t last_ = 0;
};

class NumberSink final : public Device {
 public:
  NumberSink() : Device("number-sink", "Finds what is missing") {
    option({.name = "file", .type = ValueType::path, .help = "what came", .required = true});
    sink<PointerScroll>({.name = "numbers"})
        .on<PointerScroll>([this](const PointerScroll& event, const EventInfo&) {
          if (last_ != 0 && event.y != last_ + 1) ++wrong_;  // those before it came are not its
          last_ = event.y;
          tally_.write(last_, wrong_);
        });
  }
  Result<> start(Context& context) override { return tally_.open(context); }

 private:
  Tally tally_;
  std::int32_t last_ = 0;
  std::int64_t wrong_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  // What a kernel asks of a device stands behind the argument of its own.
  const std::string_view role = argc > 1 ? argv[1] : "";
  if (role == "source") return dkvm::device_main<NumberSource>(argc - 1, argv + 1);
  if (role == "sink") return dkvm::device_main<NumberSink>(argc - 1, argv + 1);
  std::fputs("number_device source|sink: a part of the tests\n", stderr);
  return 2;
}

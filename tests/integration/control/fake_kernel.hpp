#pragma once

#include "tests/integration/control/child.hpp"

#include <dkvm/detail/fd.hpp>
#include <dkvm/payload.hpp>
#include <dkvm/rpc.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace dkvm::test {

inline constexpr std::chrono::seconds kPatience{10};

// The kernel's side of the stream to one real dkvm-control. It answers what
// the test has told it to, keeps the rest waiting, and works only inside
// until().
class FakeKernel {
 public:
  // directory: becomes DKVM_RUNTIME_DIR. extra: more environment.
  explicit FakeKernel(const std::string& directory, std::vector<std::string> extra = {});

  using Respond = std::function<Answer(const wire::RequestT&)>;
  void on(const std::string& method, Respond respond) { methods_[method] = std::move(respond); }
  void on(const std::string& method, std::string body) {
    on(method, [body = std::move(body)](const wire::RequestT&) { return Answer(body); });
  }
  // Calls of the method for which this is true are kept waiting.
  void hold_if(const std::string& method, std::function<bool(const wire::RequestT&)> holds) {
    holds_[method] = std::move(holds);
  }
  // Answers the calls of the method that were kept waiting.
  void answer_waiting(const std::string& method, const Answer& answer);

  // Serves the device until the condition holds; false after kPatience.
  bool until(const std::function<bool()>& condition);
  // Serves the device until it takes clients.
  bool ready();

  void send(wire::FrameKind kind);
  void hang_up() { stream_.reset(); }
  Child& device() { return *device_; }
  std::string socket() const { return directory_ + "/control.sock"; }
  std::string log() const { return read_text(directory_ + "/control.log"); }

  std::vector<wire::RequestT> requests;
  std::set<std::uint64_t> waiting;  // calls without an answer
  std::set<std::uint64_t> cancelled;

 private:
  void serve();
  void take(const Frame& frame);
  void respond(std::uint64_t id, const Answer& answer);
  void send_frame(Frame frame);

  std::string directory_;
  detail::Fd stream_;
  std::unique_ptr<Child> device_;
  std::vector<std::byte> input_;
  std::map<std::string, Respond> methods_;
  std::map<std::string, std::function<bool(const wire::RequestT&)>> holds_;
  std::map<std::uint64_t, std::string> method_of_;
  PayloadWriter writer_;
};

// A client of the socket that writes bytes of its own choosing.
class RawClient {
 public:
  // Errors are the test's: connected() tells.
  explicit RawClient(const std::string& path);

  bool connected() const { return connected_; }
  bool send(std::string_view bytes);
  // The next line, served by the kernel meanwhile; empty at the end or after
  // kPatience.
  std::string line(FakeKernel& kernel);
  // True once the device has closed the connection.
  bool ended(FakeKernel& kernel);
  void close() { fd_.reset(); }
  int fd() const { return fd_.get(); }

 private:
  bool read_some();

  detail::Fd fd_;
  std::string input_;
  bool connected_ = false;
  bool at_end_ = false;
};

// A request of one line.
std::string request(int id, const std::string& method, const std::string& params = "{}");

}  // namespace dkvm::test

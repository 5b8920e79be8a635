#pragma once

#include "kernel/kernel.hpp"
#include "kernel/loop/loop.hpp"
#include "kernel/service/notify_socket.hpp"
#include "kernel/service/service_report.hpp"

#include <optional>

namespace dkvm {

// A kernel as a service of systemd, or of whoever else speaks sd_notify: says when it is ready,
// reloads and stops, who is in trouble, and that its loop turns. Nothing, where nobody listens.
// Life: loop thread only; between Kernel::start and the end of the loop.
class ServiceNotifier {
 public:
  // What the manager has put into the environment. Errors: as NotifySocket::of.
  static Result<NotifySocket> socket_of_environment();
  static std::optional<Duration> watchdog_of_environment();

  // A sign of life each `watchdog`, where the manager wants any.
  ServiceNotifier(Loop& loop, Kernel& kernel, NotifySocket socket,
                  std::optional<Duration> watchdog);
  ~ServiceNotifier();
  ServiceNotifier(const ServiceNotifier&) = delete;
  ServiceNotifier& operator=(const ServiceNotifier&) = delete;

 private:
  void on_news(const KernelNews& news);
  void look();

  Kernel& kernel_;
  NotifySocket socket_;
  ServiceReport report_;
  Timer look_;
  Timer watchdog_;
};

}  // namespace dkvm

#include "devices/x11/connection.hpp"

#include <dkvm/fd.hpp>
#include <dkvm/log.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace dkvm::x11 {
namespace {

// Xlib has one error handler for all displays of the process.
std::vector<Connection*>& connections() {
  static std::vector<Connection*> all;
  return all;
}

struct Place {
  std::string host;  // empty: this machine
  int number = 0;
};

// `host:1.0`, `:1`, `unix:1`.
std::optional<Place> parsed(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  Place place{std::string(name.substr(0, colon))};
  if (place.host == "unix") place.host.clear();
  const std::string_view rest = name.substr(colon + 1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), place.number);
  const bool whole = end == rest.data() + rest.size() || *end == '.';
  if (error != std::errc{} || !whole || place.number < 0) return std::nullopt;
  return place;
}

bool somebody_listens(int number) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/.X11-unix/X%d", number);
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

// Why Xlib, which does not tell, got no connection.
tl::unexpected<Error> no_connection(const std::string& name) {
  const auto place = parsed(name);
  const std::string where = "opening X display '" + name + "': ";
  if (!place) return fail(Errc::invalid, where + "no such name, expected one such as :0");
  if (!place->host.empty())
    return fail(Errc::disconnected, where + "no X server answers there, or it refuses this user");
  if (somebody_listens(place->number))
    return fail(Errc::disconnected,
                where + "the X server refuses this user, expected an entry in XAUTHORITY or xhost");
  return fail(Errc::disconnected, where + "no X server listens there, expected one");
}

}  // namespace

void Connection::declare(Device& device) {
  device.option({.name = "display",
                 .help = "the X display, such as :0 (default: DISPLAY of the environment)"});
}

Result<std::unique_ptr<Connection>> Connection::open(const ConfigReader& config) {
  if (const auto name = config.find("display")) return open(*name);
  const char* name = std::getenv("DISPLAY");
  if (name == nullptr || *name == '\0')
    return fail(Errc::invalid,
                "config key 'display' is missing and the environment has no DISPLAY, expected one "
                "of them to name an X display such as :0");
  return open(name);
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& name) {
  ::XSetErrorHandler(&Connection::on_error);
  // Says nothing: whoever asks check() says it.
  ::XSetIOErrorHandler([](::Display*) { return 0; });
  ::Display* display = ::XOpenDisplay(name.c_str());
  if (display == nullptr) return no_connection(name);
  return std::unique_ptr<Connection>(new Connection(display, name));
}

Connection::Connection(::Display* display, std::string name)
    : display_(display), root_(DefaultRootWindow(display)), name_(std::move(name)) {
  connections().push_back(this);
  ::XSetIOErrorExitHandler(
      display, [](::Display*, void* self) { static_cast<Connection*>(self)->gone_ = true; }, this);
}

Connection::~Connection() {
  ::XCloseDisplay(display_);
  std::erase(connections(), this);
}

Result<> Connection::check() const {
  if (gone_) return fail(Errc::disconnected, "X display '" + name_ + "': the X server has gone");
  return {};
}

Result<Connection::Extension> Connection::extension(const char* name) const {
  Extension found;
  int error_first = 0;
  if (::XQueryExtension(display_, name, &found.opcode, &found.event_first, &error_first) != 0)
    return found;
  DKVM_CHECK(check());
  return fail(Errc::not_found, "X display '" + name_ + "': the X server lacks the extension " +
                                   name + ", expected one that has it");
}

Result<> Connection::checked(std::string_view what, const std::function<void()>& requests) {
  ::XSync(display_, False);  // earlier errors are not these requests'
  checking_ = true;
  refused_.clear();
  requests();
  ::XSync(display_, False);
  checking_ = false;
  DKVM_CHECK(check());
  if (refused_.empty()) return {};
  return fail(Errc::denied, std::string(what) + ": " + refused_);
}

void Connection::carry(Context& context, std::function<void(::XEvent&)> on_event) {
  on_event_ = std::move(on_event);
  const auto watched = context.watch(ConnectionNumber(display_),
                                     [this] { ::XEventsQueued(display_, QueuedAfterReading); });
  if (!watched) return context.finish(watched.error());
  context.on_turn_end([this, &context] { end_turn(context); });
}

void Connection::end_turn(Context& context) {
  while (has_event()) hand_on();
  // Answers that were waited for have brought events along, which no longer make the
  // descriptor readable; handlers may bring more. Without requests there were none, and
  // nothing is to be sent: a look would cost four system calls.
  if (const unsigned long next = ::XNextRequest(display_); next != settled_request_) {
    hand_on_what_came();
    if (!gone_) ::XFlush(display_);
    settled_request_ = ::XNextRequest(display_);
  }
  if (auto there = check(); !there) {
    context.forget(ConnectionNumber(display_));
    context.finish(there.error());
  }
}

void Connection::hand_on() {
  ::XEvent event;
  ::XNextEvent(display_, &event);
  on_event_(event);
}

void Connection::hand_on_before(unsigned long request) {
  while (has_event()) {
    ::XEvent event;
    ::XPeekEvent(display_, &event);
    if (event.xany.serial >= request) return;
    hand_on();
  }
}

void Connection::hand_on_what_came() {
  while (!gone_ && ::XEventsQueued(display_, QueuedAfterReading) > 0) hand_on();
}

void Connection::catch_up() {
  ::XSync(display_, False);
  while (has_event()) hand_on();
}

Connection* Connection::of(::Display* display) {
  const auto found =
      std::find_if(connections().begin(), connections().end(),
                   [&](const Connection* each) { return each->display_ == display; });
  return found == connections().end() ? nullptr : *found;
}

int Connection::on_error(::Display* display, ::XErrorEvent* error) {
  if (Connection* connection = of(display))
    connection->note_refusal(error->error_code, error->request_code, error->minor_code);
  return 0;
}

void Connection::note_refusal(unsigned error, unsigned request, unsigned minor) {
  const std::string said = refusal_words(error, request, minor);
  if (checking_) {
    if (refused_.empty()) refused_ = said;
  } else if (on_refusal_) {
    on_refusal_(said);
  } else {
    log_warning(said);
  }
}

std::string Connection::refusal_words(unsigned error, unsigned request, unsigned minor) const {
  char words[128];
  ::XGetErrorText(display_, static_cast<int>(error), words, sizeof(words));
  return "X display '" + name_ + "' refuses request " + std::to_string(request) + "." +
         std::to_string(minor) + ": " + words;
}

}  // namespace dkvm::x11

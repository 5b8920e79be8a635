#include "devices/tcp/bulk/bulk_thread.hpp"

#include <dkvm/detail/scheduling_linux.hpp>
#include <dkvm/time.hpp>

#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <system_error>

namespace dkvm::tcp {
namespace {

constexpr int kBulkNice = 10;
constexpr std::uint64_t kLookAgainNs = 1'000'000;  // at what the path has acknowledged

// Beyond so many bytes of events that the device's thread has not taken, nothing
// more is read.
constexpr std::size_t kNoteBytesMax = 1024 * 1024;

std::size_t bytes_of(const Arrival& arrival) {
  return arrival.event.empty() ? 0 : sizeof(arrival) + arrival.event.size();
}

void ring(const detail::Fd& bell) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t ignored = ::write(bell.get(), &one, sizeof(one));
}

}  // namespace

Result<std::unique_ptr<BulkThread>> BulkThread::start(Context& context, BulkHost& host) {
  std::unique_ptr<BulkThread> made(new BulkThread(context, host));
  made->bell_ = detail::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!made->bell_) return fail(Errc::exhausted, "no descriptor for the bulk thread's bell");
  BulkThread& it = *made;
  DKVM_CHECK(it.poller_.watch(it.bell_.get(), detail::Poller::kReadable, [&it] { it.obey(); }));
  // Signals are for the device's own thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    it.thread_ = std::thread([&it] { it.run(); });
  } catch (const std::system_error& error) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return fail(Errc::exhausted, std::string("starting the bulk thread: ") + error.what());
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return made;
}

BulkThread::~BulkThread() {
  *alive_ = false;
  if (!thread_.joinable()) return;
  command([](BulkThread& it) { it.ended_ = true; });
  thread_.join();
}

BulkId BulkThread::connect(TlsStream stream) {
  const BulkId id = ++last_id_;
  // std::function copies, a stream does not.
  auto shared = std::make_shared<TlsStream>(std::move(stream));
  command([id, shared](BulkThread& it) { it.adopt(id, std::move(*shared)); });
  return id;
}

void BulkThread::disconnect(BulkId id, const Error& why) {
  command([id, why](BulkThread& it) { it.end(id, why); });
}

void BulkThread::open(BulkId id, StreamId stream) {
  command(
      [=](BulkThread& it) { it.with(id, [=](BulkConnection& io) { io.reader().open(stream); }); });
}

void BulkThread::close(BulkId id, StreamId stream, std::uint64_t token) {
  command([=](BulkThread& it) {
    it.with(id, [=, &it](BulkConnection& io) {
      io.reader().close(stream);
      it.note({Note::Kind::stream_closed, id, {}, {}, token});
    });
  });
}

void BulkThread::drop(BulkId id, StreamId stream) {
  command([=](BulkThread& it) {
    it.with(id, [=](BulkConnection& io) { io.writer().drop_stream(stream); });
  });
}

void BulkThread::stock(BulkId id, StreamId stream, std::vector<Vessel> vessels) {
  command([id, stream, vessels = std::move(vessels)](BulkThread& it) {
    it.with(id, [&](BulkConnection& io) { io.stock(stream, vessels); });
  });
}

void BulkThread::send(BulkId id, Parcel parcel) {
  auto shared = std::make_shared<Parcel>(std::move(parcel));
  command([id, shared](BulkThread& it) {
    it.with(id, [&](BulkConnection& io) { io.writer().add(std::move(*shared)); });
  });
}

void BulkThread::command(Command command) {
  if (commands_.put(std::move(command))) ring(bell_);
}

// --- on the device's thread again ------------------------------------------------

void BulkThread::tell() {
  for (Note& each : notes_.take()) {
    note_bytes_ -= bytes_of(each.arrival);
    switch (each.kind) {
      case Note::Kind::arrived: host_.arrived(each.id, std::move(each.arrival)); break;
      case Note::Kind::granted: host_.granted(each.id, std::move(each.granted)); break;
      case Note::Kind::done: host_.done(each.id, each.token); break;
      case Note::Kind::stream_closed: host_.stream_closed(each.id, each.token); break;
      case Note::Kind::closed: host_.closed(each.id, each.why); break;
    }
  }
}

// --- on the bulk thread --------------------------------------------------------------

void BulkThread::run() {
  // And long slices: one of the short ones that this process has, on the path of
  // input, would not be cut shorter by a key. A thread that may not is a thread all the same.
  [[maybe_unused]] const bool ignored = detail::set_scheduling(kBulkNice, 0);
  while (!ended_) poller_.dispatch(-1);
}

void BulkThread::obey() {
  std::uint64_t rings = 0;
  [[maybe_unused]] const ssize_t ignored = ::read(bell_.get(), &rings, sizeof(rings));
  for (Command& each : commands_.take()) each(*this);
}

void BulkThread::adopt(BulkId id, TlsStream stream) {
  Connection connection{std::make_unique<BulkConnection>(std::move(stream))};
  const int fd = connection.io->fd();
  connections_.emplace(id, std::move(connection));
  const auto watched = poller_.watch(fd, detail::Poller::kReadable, [this, id] { serve(id); });
  if (!watched) return end(id, watched.error());
  // Bytes may have come with the handshake; the commands behind this one go first.
  poller_.at(0, [this, id] { serve(id); });
}

void BulkThread::with(BulkId id, const std::function<void(BulkConnection&)>& act) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  act(*found->second.io);
  write(id, found->second);
}

void BulkThread::serve(BulkId id) {
  obey();  // a stream may have been opened for what has come
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  if (note_bytes_ > kNoteBytesMax) {
    if (std::exchange(connection.deaf, true)) return;
    watch(connection);
    poller_.at(now_ns() + kLookAgainNs, [this, id] { hear_again(id); });
    return;
  }
  BulkConnection& io = *connection.io;
  const Result<bool> more = io.read();
  report(id, io);
  if (!more) return end(id, more.error());
  // Bytes that OpenSSL holds wake nobody.
  if (*more) poller_.at(0, [this, id] { serve(id); });
  write(id, connection);
}

void BulkThread::hear_again(BulkId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  found->second.deaf = false;
  watch(found->second);
  serve(id);
}

void BulkThread::watch(const Connection& connection) {
  poller_.set_interest(connection.io->fd(),
                       (connection.deaf ? 0 : detail::Poller::kReadable) |
                           (connection.wants_writable ? detail::Poller::kWritable : 0));
}

void BulkThread::write(BulkId id, Connection& connection) {
  BulkConnection& io = *connection.io;
  const auto written = io.write(now_ns());
  report(id, io);
  if (!written) return end(id, written.error());
  if (connection.wants_writable != io.waits_for_socket()) {
    connection.wants_writable = io.waits_for_socket();
    watch(connection);
  }
  if (!io.waits_for_path() || connection.retries) return;
  connection.retries = true;
  poller_.at(now_ns() + kLookAgainNs, [this, id] {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    found->second.retries = false;
    write(id, found->second);
  });
}

void BulkThread::report(BulkId id, BulkConnection& io) {
  for (Arrival& arrival : io.reader().take_arrivals()) {
    note_bytes_ += bytes_of(arrival);
    note({Note::Kind::arrived, id, std::move(arrival)});
  }
  for (Granted& granted : io.reader().take_grants())
    note({Note::Kind::granted, id, {}, std::move(granted)});
  for (const std::uint64_t token : io.writer().take_done())
    note({Note::Kind::done, id, {}, {}, token});
}

void BulkThread::end(BulkId id, const Error& why) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  poller_.forget(found->second.io->fd());
  connections_.erase(found);
  note({Note::Kind::closed, id, {}, {}, 0, why});
}

void BulkThread::note(Note note) {
  if (notes_.put(std::move(note))) call_device();
}

void BulkThread::call_device() {
  const auto posted = context_.post([this, alive = alive_] {
    if (*alive) tell();
  });
  if (!posted) poller_.at(now_ns() + kLookAgainNs, [this] { call_device(); });
}

}  // namespace dkvm::tcp

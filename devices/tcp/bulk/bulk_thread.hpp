#pragma once

#include "devices/tcp/bulk/bulk_connection.hpp"
#include "devices/tcp/bulk/handover.hpp"

#include <dkvm/context.hpp>
#include <dkvm/detail/poller_linux.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

namespace dkvm::tcp {

// A bulk connection's number; a new one for each that is handed over.
using BulkId = std::uint64_t;

// Told on the device's thread.
class BulkHost {
 public:
  virtual void arrived(BulkId id, Arrival arrival) = 0;
  virtual void granted(BulkId id, Granted granted) = 0;
  // The parcel's bytes are needed no more: written, or dropped with its stream.
  virtual void done(BulkId id, std::uint64_t token) = 0;
  // The stream's vessels are not touched any more: after close(), with its token.
  virtual void stream_closed(BulkId id, std::uint64_t token) = 0;
  // The connection is over, by itself or as asked for: no parcel or vessel that
  // it was given is touched any more, and no further word comes of it.
  virtual void closed(BulkId id, const Error& why) = 0;

 protected:
  ~BulkHost() = default;
};

// All bulk connections of a device, on a thread of their own at nice 10: beside
// whatever it moves, the device's own thread sees to the keys.
// Life: the device's thread, but for run(); context and host outlive it.
class BulkThread {
 public:
  // Errors: Errc::exhausted without a thread or a descriptor.
  static Result<std::unique_ptr<BulkThread>> start(Context& context, BulkHost& host);
  // Ends the thread; what was handed over is not touched afterwards.
  ~BulkThread();
  BulkThread(const BulkThread&) = delete;
  BulkThread& operator=(const BulkThread&) = delete;

  BulkId connect(TlsStream stream);
  // closed() follows, unless it came already.
  void disconnect(BulkId id, const Error& why);

  // Without effect on a connection that is over.
  // A stream of the peer, by its number.
  void open(BulkId id, StreamId stream);
  void close(BulkId id, StreamId stream, std::uint64_t token);
  // Parcels of a stream of ours that are not begun come back unsent.
  void drop(BulkId id, StreamId stream);
  // Stocks a stream with vessels, and grants them to the peer.
  void stock(BulkId id, StreamId stream, std::vector<Vessel> vessels);
  void send(BulkId id, Parcel parcel);

 private:
  using Command = std::function<void(BulkThread&)>;
  struct Note {
    enum class Kind : std::uint8_t { arrived, granted, done, stream_closed, closed };
    Kind kind;
    BulkId id;
    Arrival arrival{};
    Granted granted{};
    std::uint64_t token = 0;  // or of a stream that is closed
    Error why{Errc::internal, {}};
  };
  struct Connection {
    std::unique_ptr<BulkConnection> io;
    bool wants_writable = false;
    bool retries = false;  // a timer is set that tries to write again
    bool deaf = false;     // not read from: the device's thread is behind
  };

  BulkThread(Context& context, BulkHost& host) : context_(context), host_(host) {}

  void command(Command command);
  void tell();  // the host

  // On the thread:
  void run();
  void obey();
  void adopt(BulkId id, TlsStream stream);
  void with(BulkId id, const std::function<void(BulkConnection&)>& act);
  void serve(BulkId id);
  void hear_again(BulkId id);
  void write(BulkId id, Connection& connection);
  void report(BulkId id, BulkConnection& io);
  void end(BulkId id, const Error& why);
  void note(Note note);
  void call_device();
  void watch(const Connection& connection);

  Context& context_;
  BulkHost& host_;
  Handover<Command> commands_;
  Handover<Note> notes_;
  std::atomic<std::size_t> note_bytes_ = 0;  // of arrivals that were not told yet
  detail::Fd bell_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with posted calls
  BulkId last_id_ = 0;

  detail::Poller poller_;
  std::unordered_map<BulkId, Connection> connections_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace dkvm::tcp

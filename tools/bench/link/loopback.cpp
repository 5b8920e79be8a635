// Over loopback: a key through both kernels beside two raw relays with raw TLS between
// them, frames beside raw TLS, and a key beside frames.

#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/link/parts.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>

namespace dkvm::bench {
namespace {

using std::chrono::milliseconds;

constexpr double kKeyHz = 1000;
constexpr int kLaps = 10;
constexpr milliseconds kKeyRound{500};
constexpr milliseconds kBulkRound{1000};
constexpr milliseconds kHeadStart{150};  // of frames before the key, and beyond it
constexpr milliseconds kBulkPatience{10'000};
constexpr milliseconds kWarmUp{200};
constexpr std::uint64_t kFrameBytes = 1920 * 1080 * 4;

constexpr const char* kOurs = "dkvm";
constexpr const char* kRawLink = "raw relay, TLS, raw relay";
constexpr const char* kRawTls = "raw TLS";
constexpr const char* kIdle = "dkvm alone";
constexpr const char* kBeside = "dkvm beside frames";
constexpr std::array kPlacements = {"a key, each machine on a processor", "a key, anywhere"};

class Loopback {
 public:
  explicit Loopback(LinkBench& bench) : bench_(bench) {
    for (const char* title : kPlacements) keys_.push_back(key_table(title));
    beside_ = key_table("a key beside 1080p frames that saturate the link");
    bulk_ = {"1080p frames",
             {{"mb_per_s", "MB/s", 0}, {"p50_ms", "p50 ms", 1}, {"lost", "lost", 0}},
             {}};
    for (const char* name : {kOurs, kRawLink}) everywhere_.row(name);
    for (const char* name : {kOurs, kRawTls}) bulk_.row(name);
    for (const char* name : {kIdle, kBeside}) beside_.row(name);
  }

  Result<> run() {
    DKVM_CHECK(start());
    for (int lap = 0; lap < rounds_of(kLaps, bench_.options); ++lap) {
      for (std::size_t i = 0; i < keys_.size(); ++i) DKVM_CHECK(key_rounds(i));
      DKVM_CHECK(bulk_rounds());
      if (ours_) DKVM_CHECK(beside_rounds());
    }
    judge();
    return {};
  }

 private:
  static Table key_table(const char* title) {
    return {title, {{"p50_us", "p50 µs", 1}, {"p99_us", "p99 µs", 1}, {"max_us", "max µs", 0}}, {}};
  }

  Result<> start() {
    DKVM_TRY(raw_keys_, start_raw_link(bench_.conductor));
    DKVM_TRY(raw_bulk_, start_raw_bulk(bench_.conductor));
    DKVM_CHECK(run_round(bench_.conductor, raw_keys_, kKeyHz, kWarmUp));
    auto ours = start_link_desk(bench_, {.name = "loopback", .bulk = 1});
    if (ours) {
      ours_.emplace(std::move(*ours));
      return warm_up();
    }
    if (ours.error().code() != Errc::not_found) return fail(std::move(ours).error());
    for (Table* table : {&keys_[0], &keys_[1], &everywhere_, &bulk_})
      table->row(kOurs).note = ours.error().message();
    for (const char* name : {kIdle, kBeside}) beside_.row(name).note = ours.error().message();
    return {};
  }

  // The first frames open the pools on both sides.
  Result<> warm_up() {
    DKVM_CHECK(begin_bulk(bench_, ours_->bulk[0], kFrameBytes, kWarmUp));
    return end(ours_->bulk[0]);
  }
  Result<> end(const Stream& stream) {
    auto round = end_bulk(bench_, stream, kFrameBytes, kBulkPatience);
    if (!round)
      return fail(std::move(round).error().within("the kernels say:" + ours_->log_tail()));
    return {};
  }

  // near, relay and source on one processor, far, relay and sink on the other.
  Result<> place_raw(bool apart) {
    for (const auto& [endpoint, processor] : std::map<std::string, std::size_t>{
             {"source", 0}, {"relay-1", 0}, {"near", 0}, {"far", 1}, {"relay-2", 1}, {"sink", 1}}) {
      const pid_t pid = bench_.conductor.introduction("raw-link/" + endpoint).pid;
      if (!apart)
        unpin(pid);
      else
        DKVM_CHECK(pin(pid, processor));
    }
    return {};
  }

  Result<Round> key_round(const Chain& chain) {
    auto round =
        run_round(bench_.conductor, chain, kKeyHz, length_of(kKeyRound, kLaps, bench_.options));
    if (!round && ours_ && &chain == &ours_->keys)
      return fail(std::move(round).error().within("the kernels say:" + ours_->log_tail()));
    return round;
  }
  static void add(Row& row, const Round& round) {
    row.add("p50_us", round.p50_us);
    row.add("p99_us", round.p99_us);
    row.add("max_us", round.max_us);
  }

  Result<> key_rounds(std::size_t placement) {
    bench_.options.progress(kPlacements[placement]);
    const bool apart = placement == 0;
    if (ours_) {
      DKVM_CHECK(ours_->place(apart));
      DKVM_TRY(const Round round, key_round(ours_->keys));
      for (Table* table : {&keys_[placement], &everywhere_}) add(table->row(kOurs), round);
    }
    DKVM_CHECK(place_raw(apart));
    DKVM_TRY(const Round round, key_round(raw_keys_));
    for (Table* table : {&keys_[placement], &everywhere_}) add(table->row(kRawLink), round);
    return {};
  }

  Result<> bulk_rounds() {
    const Stream raw{raw_bulk_.source, raw_bulk_.sink};
    for (const char* name : {kOurs, kRawTls}) {
      if (name == kOurs && !ours_) continue;
      bench_.options.progress(fmt::format("frames: {}", name));
      const Stream& stream = name == kOurs ? ours_->bulk[0] : raw;
      DKVM_CHECK(
          begin_bulk(bench_, stream, kFrameBytes, length_of(kBulkRound, kLaps, bench_.options)));
      DKVM_TRY(const BulkRound round, end_bulk(bench_, stream, kFrameBytes, kBulkPatience));
      Row& row = bulk_.row(name);
      row.add("mb_per_s", round.bytes_per_s / 1e6);
      row.add("p50_ms", round.p50_ms);
      row.add("lost", round.lost);
    }
    return {};
  }

  Result<> beside_rounds() {
    bench_.options.progress(beside_.title);
    DKVM_TRY(const Round idle, key_round(ours_->keys));
    add(beside_.row(kIdle), idle);
    const auto length = length_of(kKeyRound, kLaps, bench_.options) + 2 * kHeadStart;
    DKVM_CHECK(begin_bulk(bench_, ours_->bulk[0], kFrameBytes, length));
    DKVM_CHECK(sleep_for(kHeadStart));
    DKVM_TRY(const Round busy, key_round(ours_->keys));
    add(beside_.row(kBeside), busy);
    return end(ours_->bulk[0]);
  }

  void judge() {
    const auto at_most = Bound::at_most;
    auto& goals = bench_.report.goals;
    goals.push_back(ratio_goal("bulk_to_raw", "frames to raw TLS", Bound::at_least, 0.9,
                               bulk_.row(kOurs), bulk_.row(kRawTls), "mb_per_s"));
    goals.push_back(ratio_goal("key_p50_to_raw", "a key's p50 to two raw relays and raw TLS",
                               at_most, 1.3, everywhere_.row(kOurs), everywhere_.row(kRawLink),
                               "p50_us"));
    goals.push_back(ratio_goal("key_p99_beside_bulk", "a key's p99 beside frames to that alone",
                               at_most, 2, beside_.row(kBeside), beside_.row(kIdle), "p99_us"));
    for (Table& table : keys_) bench_.report.tables.push_back(std::move(table));
    bench_.report.tables.push_back(std::move(beside_));
    bench_.report.tables.push_back(std::move(bulk_));
  }

  LinkBench& bench_;
  std::vector<Table> keys_;
  Table everywhere_;  // the rounds of both placements
  Table beside_;
  Table bulk_;
  Chain raw_keys_;
  Chain raw_bulk_;
  std::optional<LinkDesk> ours_;
};

}  // namespace

Result<> measure_loopback(LinkBench& bench) { return Loopback(bench).run(); }

}  // namespace dkvm::bench

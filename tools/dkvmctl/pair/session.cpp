#include "tools/dkvmctl/pair/session.hpp"

#include "tools/dkvmctl/pair/limits.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <poll.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace dkvm::ctl {
namespace {

std::string comment_of_today() {
  return fmt::format("paired {:%Y-%m-%d}", fmt::gmtime(std::time(nullptr)));
}

class Session {
 public:
  Session(PairStream& stream, trust::Pairing pairing, PairSetup& setup, Screen& screen)
      : stream_(stream), pairing_(std::move(pairing)), setup_(setup), screen_(screen) {}

  Result<trust::Peer> run() {
    DKVM_CHECK(make_code());
    show_code();
    DKVM_CHECK(decide());
    DKVM_CHECK(agree());
    DKVM_CHECK(keep());
    return peer_;
  }

 private:
  Result<> make_code();
  Result<> name_peer();
  void show_code();
  Result<> decide();
  Result<> agree();
  Result<> keep();
  Result<> take(const trust::PairingMessage& message);
  Result<> take_what_came();
  Result<> refuse(trust::PairingRefusal why, Error error);

  PairStream& stream_;
  trust::Pairing pairing_;
  PairSetup& setup_;
  Screen& screen_;
  trust::Peer peer_;
};

Result<> Session::take(const trust::PairingMessage& message) {
  DKVM_TRY(const auto answer, pairing_.take(message));
  if (answer) return stream_.send(*answer);
  return {};
}

Result<> Session::take_what_came() {
  for (;;) {
    DKVM_TRY(const auto message, stream_.next());
    if (!message) return {};
    DKVM_CHECK(take(*message));
  }
}

// The other side is told, if it can be.
Result<> Session::refuse(trust::PairingRefusal why, Error error) {
  (void)stream_.send(trust::refusal(why));
  return fail(std::move(error));
}

Result<> Session::make_code() {
  DKVM_CHECK(stream_.send(pairing_.hello()));
  while (pairing_.code().empty()) {
    DKVM_TRY(const auto message, stream_.receive(PairClock::now() + kPairStepTimeMax));
    DKVM_CHECK(take(message));
    if (peer_.name.empty()) DKVM_CHECK(name_peer());
  }
  return {};
}

// Before people are asked for something that cannot be kept.
Result<> Session::name_peer() {
  peer_ = {setup_.as.empty() ? pairing_.other_name() : setup_.as, stream_.peer(),
           comment_of_today()};
  auto possible = setup_.store.check_new(peer_);
  if (possible) return {};
  Error error(possible.error().code(), possible.error().message() + ", or name it with --as");
  return refuse(trust::PairingRefusal::name_taken, std::move(error));
}

void Session::show_code() {
  if (screen_.json()) {
    screen_.json_line({{"code", pairing_.code()},
                       {"peer", peer_.name},
                       {"fingerprint", peer_.pin.text()},
                       {"address", stream_.address()}});
  } else {
    screen_.print(fmt::format("connected with {}, at {}\n\n    {}\n\n", peer_.name,
                              printable(stream_.address()),
                              screen_.style().paint(pairing_.code(), Tone::title)));
  }
  screen_.flush();
}

// Waits for the user, and hears meanwhile when the other side goes away.
Result<> Session::decide() {
  const auto until = PairClock::now() + kPairAnswerTimeMax;
  setup_.answers.ask(screen_, peer_.name);
  for (;;) {
    DKVM_CHECK(take_what_came());
    std::array<pollfd, 2> waiting = {pollfd{stream_.fd(), POLLIN, 0},
                                     pollfd{setup_.answers.fd(), POLLIN, 0}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - PairClock::now());
    if (left.count() <= 0)
      return refuse(trust::PairingRefusal::late,
                    Error(Errc::timeout,
                          fmt::format("nobody has answered in {} s", kPairAnswerTimeMax.count())));
    const bool waits = waiting[1].fd >= 0;
    if (waits) ::poll(waiting.data(), waiting.size(), static_cast<int>(left.count()));
    if (waits && waiting[1].revents == 0) continue;
    const auto accepted = setup_.answers.read(screen_, pairing_.code());
    if (!accepted) continue;
    if (*accepted) return stream_.send(pairing_.accept());
    return refuse(trust::PairingRefusal::by_user,
                  Error(Errc::denied, "the code was not accepted here"));
  }
}

Result<> Session::agree() {
  if (!pairing_.agreed() && !screen_.json()) {
    screen_.print("waiting for the answer there\n");
    screen_.flush();
  }
  const auto until = PairClock::now() + kPairAnswerTimeMax + kPairStepTimeMax;
  while (!pairing_.agreed()) {
    DKVM_TRY(const auto message, stream_.receive(until));
    DKVM_CHECK(take(message));
  }
  return {};
}

Result<> Session::keep() {
  auto kept = setup_.store.add(peer_);
  if (!kept) return refuse(trust::PairingRefusal::failed, std::move(kept).error());
  const auto until = PairClock::now() + kPairStepTimeMax;
  auto told = stream_.send(pairing_.stored());
  while (told && !pairing_.other_stored()) {
    auto message = stream_.receive(until);
    told = message ? take(*message) : Result<>(fail(std::move(message).error()));
  }
  if (told) return {};
  return fail(std::move(told).error().within(fmt::format(
      "{0} is trusted here, but has not said that it trusts this machine: look there with "
      "`dkvmctl trust list`, and pair again if it does not",
      peer_.name)));
}

}  // namespace

Result<trust::Peer> pair_with(PairStream& stream, trust::PairingRole role, PairSetup& setup,
                              Screen& screen) {
  DKVM_TRY(const auto nonce, trust::random_nonce());
  DKVM_TRY(auto pairing, trust::Pairing::start({role, setup.identity.fingerprint(), stream.peer(),
                                                setup.name, nonce}));
  return Session(stream, std::move(pairing), setup, screen).run();
}

}  // namespace dkvm::ctl

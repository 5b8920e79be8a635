#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/pair/limits.hpp"
#include "tools/dkvmctl/pair/lobby.hpp"
#include "tools/dkvmctl/pair/session.hpp"
#include "tools/dkvmctl/trust_folder.hpp"
#include "trust/peer_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <memory>

namespace dkvm::ctl {
namespace {

struct PairOptions {
  std::string folder;
  std::string listen;  // empty: all addresses
  std::string connect;
  std::string as;
  std::string yes_if;
  std::string time = "120s";
  std::string reach = "lan";
  bool listens = false;

  Reach how_far() const { return reach == "anywhere" ? Reach::anywhere : Reach::lan; }
};

Result<PairSetup> set_up(Screen& screen, const PairOptions& options) {
  const auto folder = trust_folder(options.folder);
  DKVM_TRY(auto answers, Answers::from(options.yes_if));
  DKVM_TRY(auto identity, trust::Identity::load(folder));
  DKVM_TRY(auto store, trust::Store::load(folder));
  std::string name = identity.name();
  if (!trust::is_peer_name(name)) {
    DKVM_TRY(name, name_of_this_machine());
  }
  note_expiry(screen, identity);
  return PairSetup{std::move(identity), std::move(store), std::move(name), options.as,
                   std::move(answers)};
}

void show_paired(Screen& screen, const trust::Peer& peer) {
  if (screen.json()) {
    screen.json_line({{"paired", peer.name}, {"fingerprint", peer.pin.text()}});
  } else {
    screen.print(fmt::format("{} is trusted, and trusts this machine\n", peer.name));
  }
}

Result<> connect(Screen& screen, const PairOptions& options) {
  DKVM_TRY(PairSetup setup, set_up(screen, options));
  DKVM_TRY(const HostPort where, parse_host_port(options.connect, kPairPort));
  DKVM_TRY(Connected connected, connect_to(where, options.how_far()));
  DKVM_TRY(PairStream stream,
           PairStream::start(std::move(connected), setup.identity, trust::Role::client));
  DKVM_TRY(const auto peer, pair_with(stream, trust::PairingRole::connector, setup, screen));
  show_paired(screen, peer);
  return {};
}

void show_listening(Screen& screen, const std::vector<std::string>& addresses,
                    const PairSetup& setup, std::chrono::seconds time) {
  if (screen.json()) {
    screen.json_line({{"listening", addresses}, {"name", setup.name}});
  } else {
    screen.print(
        fmt::format("listening at {} for {} s. On the other machine: dkvmctl pair --connect HOST\n",
                    fmt::join(addresses, " and "), time.count()));
  }
  screen.flush();
}

// Whoever spoke TLS with a certificate, and then to us, has had one try, whatever came of it.
Result<> listen_until(PairClock::time_point until, PairListener& listener, PairSetup& setup,
                      Screen& screen) {
  Lobby lobby(listener, setup.identity, [&](const std::string& address, const std::string& why) {
    screen.note(fmt::format("{}: {}", address, why));
  });
  for (int attempts = 0; attempts < kPairAttemptsMax;) {
    DKVM_TRY(auto stream, lobby.next(until));
    if (!stream) return fail(Errc::timeout, "nobody has paired in time");
    ++attempts;
    const auto peer = pair_with(*stream, trust::PairingRole::listener, setup, screen);
    if (!peer && attempts == kPairAttemptsMax) return fail(peer.error());
    if (peer) {
      show_paired(screen, *peer);
      return {};
    }
    screen.note(fmt::format("{}: {}. Still listening, for {} more", stream->address(),
                            peer.error().message(),
                            attempts + 1 == kPairAttemptsMax ? "one attempt" : "two attempts"));
  }
  return fail(Errc::denied, "no attempt was left");
}

Result<> listen(Screen& screen, const PairOptions& options) {
  DKVM_TRY(PairSetup setup, set_up(screen, options));
  std::optional<HostPort> where;
  if (!options.listen.empty()) {
    DKVM_TRY(where, parse_host_port(options.listen, kPairPort));
  }
  DKVM_TRY(PairListener listener, PairListener::open(where, options.how_far()));
  const auto time = std::chrono::ceil<std::chrono::seconds>(*parse_timeout(options.time));
  show_listening(screen, listener.addresses(), setup, time);
  return listen_until(PairClock::now() + time, listener, setup, screen);
}

Result<> pair(Screen& screen, const PairOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);  // who hangs up is an error of the pairing, not our end
  return options.listens ? listen(screen, options) : connect(screen, options);
}

std::string check_time(const std::string& text) {
  const auto time = parse_timeout(text);
  if (time && time->count() > 0 && *time <= kPairListenTimeMax) return {};
  return "'" + text + "' is not a duration such as 120s or 5m, at most 1h";
}

std::string check_address(const std::string& text) {
  if (text.empty()) return {};  // --listen alone
  const auto parsed = parse_host_port(text, kPairPort);
  return parsed ? "" : parsed.error().message();
}

std::string check_name(const std::string& name) {
  return trust::is_peer_name(name) ? "" : trust::peer_name_complaint(name);
}

std::string check_code(const std::string& text) {
  const auto digits = std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return text == "-" || digits == 8 ? "" : "'" + text + "' is neither a code of 8 digits nor -";
}

}  // namespace

void add_pair(CLI::App& app, LocalCommand& chosen) {
  auto* command =
      app.add_subcommand("pair", "Make two machines trust each other")->group(kGroupTrust);
  const auto options = std::make_shared<PairOptions>();  // as long as the parser's callback
  auto* how = command->add_option_group("one of these");
  auto* listens = how->add_option("--listen", options->listen,
                                  "wait for the other machine, at port 24861 unless it is given")
                      ->expected(0, 1)
                      ->check(check_address)
                      ->type_name("[ADDRESS:PORT]");
  how->add_option("--connect", options->connect, "go to the machine that listens")
      ->check(check_address)
      ->type_name("HOST[:PORT]");
  how->require_option(1);
  command->add_option("--as", options->as, "what to call the other machine here; else as it says")
      ->check(check_name)
      ->type_name("NAME");
  command
      ->add_option("--yes-if", options->yes_if,
                   "accept without asking if this is the code; - reads from stdin what the\n"
                   "other machine shows")
      ->check(check_code)
      ->type_name("CODE");
  command->add_option("--for", options->time, "how long to listen")
      ->check(check_time)
      ->type_name("TIME")
      ->capture_default_str();
  command->add_option("--reach", options->reach, "lan: networks near this machine; or anywhere")
      ->check(CLI::IsMember({"lan", "anywhere"}))
      ->type_name("REACH")
      ->capture_default_str();
  add_folder_option(*command, options->folder);
  command->callback([&chosen, options, listens] {
    options->listens = listens->count() != 0;
    chosen = local_command(options, pair);
  });
}

}  // namespace dkvm::ctl

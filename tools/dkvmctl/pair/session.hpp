#pragma once

#include "tools/dkvmctl/pair/answers.hpp"
#include "tools/dkvmctl/pair/stream.hpp"
#include "tools/dkvmctl/screen.hpp"
#include "trust/identity.hpp"
#include "trust/pairing/pairing.hpp"
#include "trust/store.hpp"

#include <dkvm/result.hpp>

#include <string>

namespace dkvm::ctl {

// What this machine brings to a pairing.
struct PairSetup {
  trust::Identity identity;
  trust::Store store;
  std::string name;  // of this machine
  std::string as;    // what the other one is to be called here; empty: as it says
  Answers answers;
};

// Goes through one pairing with whoever is on the stream: shows the code, asks,
// and keeps the pin once both sides have accepted.
// Errors: whatever ended it, with nothing kept; only when the other side does
// not say that it has kept its pin, the error says that this one has.
Result<trust::Peer> pair_with(PairStream& stream, trust::PairingRole role, PairSetup& setup,
                              Screen& screen);

}  // namespace dkvm::ctl

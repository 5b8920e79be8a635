#pragma once

#include "devices/x11/connection.hpp"
#include "devices/x11/input/border.hpp"
#include "devices/x11/input/chord_grabs.hpp"
#include "devices/x11/input/grip.hpp"
#include "devices/x11/input/home_locks.hpp"
#include "devices/x11/input/locks.hpp"
#include "devices/x11/input/raw_input.hpp"
#include "devices/x11/monitors.hpp"

#include <dkvm/config.hpp>
#include <dkvm/result.hpp>

#include <memory>
#include <utility>

namespace dkvm::x11 {

// All that an input source has of its desktop.
struct SourceDesk {
  // Errors: those of its parts: invalid for the configuration, not_found for what the
  //         server lacks, disconnected.
  static Result<std::unique_ptr<SourceDesk>> open(const ConfigReader& config,
                                                  RawInput::Listener& listener, bool with_xtest) {
    DKVM_TRY(auto connection, Connection::open(config));
    DKVM_TRY(auto raw, RawInput::open(*connection, listener, with_xtest));
    DKVM_TRY(auto border, Border::open(*connection));
    DKVM_TRY(auto locks, Locks::open(*connection));
    DKVM_TRY(auto home_locks, HomeLocks::open(*connection));
    DKVM_TRY(auto monitors, Monitors::open(*connection));
    DKVM_TRY(auto grip, Grip::open(*connection));
    DKVM_TRY(auto chords, ChordGrabs::open(connection->name()));
    return std::unique_ptr<SourceDesk>(new SourceDesk{
        std::move(connection), std::move(raw), std::move(border), std::move(locks),
        std::move(home_locks), std::move(monitors), std::move(grip), std::move(chords)});
  }

  std::unique_ptr<Connection> connection;
  RawInput raw;
  Border border;
  Locks locks;
  HomeLocks home_locks;
  Monitors monitors;
  Grip grip;
  ChordGrabs chords;
};

}  // namespace dkvm::x11

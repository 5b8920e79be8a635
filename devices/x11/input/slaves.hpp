#pragma once

#include "devices/x11/connection.hpp"

#include <dkvm/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dkvm::x11 {

// One real or made-up input device behind the desktop's keyboard and pointer.
struct Slave {
  struct Axis {
    bool absolute = false;
    double min = 0;
    double max = 0;  // min: the device does not tell
  };
  // Of a wheel with small steps: `increment` is a notch, down or right.
  struct Wheel {
    int axis = -1;
    double increment = 1;
  };

  int id = 0;
  bool keyboard = false;
  bool xtest = false;  // what programs inject comes from it
  unsigned buttons = 0;
  Axis x{};
  Axis y{};
  std::optional<Wheel> vertical{};
  std::optional<Wheel> horizontal{};
};

// The devices behind the desktop's keyboard and pointer, by XInput2.
class Slaves {
 public:
  // Errors: Errc::not_found without XInput 2.`minor`, Errc::disconnected.
  static Result<Slaves> open(Connection& connection, int minor);

  int opcode() const { return opcode_; }
  // Looks again which devices there are.
  void refresh();
  const std::vector<Slave>& all() const { return all_; }
  // Null for one that is not there.
  const Slave* find(int id) const;

  struct Down {
    std::vector<std::uint16_t> codes;  // of keys and buttons, in ascending order
    unsigned long request = 0;         // that asked: what came later is not in it
  };
  // What is down on a device; nothing on one that is gone.
  Down down(const Slave& slave) const;

 private:
  Slaves(Connection& connection, int opcode) : connection_(&connection), opcode_(opcode) {}

  bool of_xtest(int id) const;

  Connection* connection_;
  int opcode_;
  std::vector<Slave> all_;
};

}  // namespace dkvm::x11

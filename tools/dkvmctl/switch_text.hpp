#pragma once

#include "tools/dkvmctl/format.hpp"
#include "tools/dkvmctl/json.hpp"

#include <string>

namespace dkvm::ctl {

// Who has the input of a switch: `laptop, locked (hotkey)`.
inline std::string holder_text(const Json& it) {
  std::string text = text_of(it, "target");
  const std::string wanted = text_of(it, "wanted");
  if (!wanted.empty() && wanted != text) text += ", soon " + wanted;
  if (flag_of(it, "locked")) text += ", locked";
  const std::string reason = text_of(it, "reason");
  return reason.empty() ? text : text + " (" + reason + ")";
}

}  // namespace dkvm::ctl

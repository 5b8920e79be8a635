#pragma once

#include "config/error_list.hpp"
#include "config/yaml_builder.hpp"

#include <yaml-cpp/exceptions.h>

#include <string>

namespace dkvm::detail {

// Adds what yaml-cpp found wrong in words for people who write the file, at
// the place where it can be mended.
void add_explained(const YAML::Exception& error, const SourceText& source,
                   const YamlBuilder& builder, ErrorList& errors);

// True unless the quoted text at this place runs to the end of the file.
bool quote_is_closed(const SourceText& source, const Location& at);

}  // namespace dkvm::detail

// From a checkpoint and its settings to a model that can run: chooses the family. Each family's own file is the only
// place that interprets its keys and tensor names.
#pragma once

#include "model/checkpoint.h"
#include "model/parameters.h"
#include "model/settings.h"

namespace attn {

/// @throws Error (bad-config) if a setting is missing, out of range or disagrees with the weights; (bad-file) if a
///         tensor is missing or has the wrong shape; (unsupported) if the family, or something that the settings ask
///         for, is not built in
Model make_model(const Settings& settings, const Checkpoint& checkpoint);

}  // namespace attn

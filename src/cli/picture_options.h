#pragma once

#include "cli/option_table.h"
#include "study/images/picture_fit.h"
#include "study/policy.h"
#include "study/preprocessing.h"
#include "study/shield_key.h"

/// Options of several verbs that say how pictures are read and protected.
namespace obscura::cli {

/// --fit and --invert: for a network, where a picture is of another shape.
OptionTable<study::PictureFit> fit_options();

/// --mean, --std, --input-range and --classes; --colour where the verb has no other meaning for it.
OptionTable<study::PolicyWishes> policy_options();
OptionTable<study::StatedPreprocessing> preprocessing_options(bool with_colour);

/// --key and what a key that is made is like.
OptionTable<study::KeyOptions> key_options();

}  // namespace obscura::cli

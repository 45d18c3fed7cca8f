/* SPDX-License-Identifier: MIT */
/*
 * Numbers for products of many probabilities: a double with a scale of its own, as doubles end at
 * 1e-308. Without the mathematics library, so that every platform comes to the same result.
 */
#ifndef AVD_STACK_SCALED_H
#define AVD_STACK_SCALED_H

/* mantissa * 2^(256 * scale). Not normalised further than that sums and products need. */
struct avd_scaled {
    double mantissa; /* 0, or in [2^-256, 2^256) */
    int scale;
};

static inline struct avd_scaled avd_scaled_make(double mantissa, int scale)
{
    struct avd_scaled result = {mantissa, scale};

    if (mantissa == 0) {
        result.scale = 0;
    } else if (mantissa < 0x1p-256) {
        result.mantissa *= 0x1p256;
        result.scale--;
    } else if (mantissa >= 0x1p256) {
        result.mantissa *= 0x1p-256;
        result.scale++;
    }
    return result;
}

static inline struct avd_scaled avd_scaled_one(void)
{
    struct avd_scaled one = {1.0, 0};

    return one;
}

/* `factor` must lie in [2^-512, 2^256). */
static inline struct avd_scaled avd_scaled_times(struct avd_scaled a, double factor)
{
    return avd_scaled_make(a.mantissa * factor, a.scale);
}

static inline struct avd_scaled avd_scaled_product(struct avd_scaled a, struct avd_scaled b)
{
    return avd_scaled_make(a.mantissa * b.mantissa,
                           a.mantissa == 0 || b.mantissa == 0 ? 0 : a.scale + b.scale);
}

static inline struct avd_scaled avd_scaled_add(struct avd_scaled a, struct avd_scaled b)
{
    if (a.mantissa == 0 || (b.mantissa != 0 && b.scale > a.scale + 1))
        return b;
    if (b.mantissa == 0 || a.scale > b.scale + 1)
        return a;
    if (a.scale > b.scale)
        return avd_scaled_make(a.mantissa + b.mantissa * 0x1p-256, a.scale);
    if (b.scale > a.scale)
        return avd_scaled_make(b.mantissa + a.mantissa * 0x1p-256, b.scale);
    return avd_scaled_make(a.mantissa + b.mantissa, a.scale);
}

/* a / b for a part of a whole: 0 when b is 0 or the part too small to tell. */
static inline double avd_scaled_ratio(struct avd_scaled a, struct avd_scaled b)
{
    double ratio;

    if (a.mantissa == 0 || b.mantissa == 0)
        return 0;
    ratio = a.mantissa / b.mantissa;
    if (a.scale == b.scale)
        return ratio;
    if (a.scale == b.scale - 1)
        return ratio * 0x1p-256;
    return a.scale == b.scale + 1 ? ratio * 0x1p256 : 0;
}

#endif

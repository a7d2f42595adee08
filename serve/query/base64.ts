const DIGITS = /^[A-Za-z\d+/]*={0,2}$/

/** Whether a text is bytes in base64, whole groups of four; of any length: a pattern that repeats groups overflows with some megabytes. */
export const isBase64 = (value: unknown): value is string => typeof value === 'string' && value.length % 4 === 0 && DIGITS.test(value)

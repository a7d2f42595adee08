export const inputType = 'floats'
export const inputSize = 2

export default (batch) => batch.map(([a, b]) => a + b)

// Stands for a module of the application: where the gateway is, and who is signed in there.
const { POLYPHONY_HOST, POLYPHONY_TOKEN } = process.env;

export const host = POLYPHONY_HOST; // "localhost:8000"

/** Returns an access token that is good, from `signIn` or `refreshTokens`. */
export const accessToken = async () => POLYPHONY_TOKEN;

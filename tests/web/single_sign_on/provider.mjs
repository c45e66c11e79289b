// A real OpenID Connect provider (npm oidc-provider) for the test in a browser. Any name and password sign in.
const { Provider } = await import(`file://${process.env.FOLDER}/node_modules/oidc-provider/lib/index.js`)

const port = Number(process.env.PROVIDER_PORT)
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [JSON.parse(process.env.CLIENT)],
  scopes: ['openid', 'email', 'profile', 'groups'],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
  conformIdTokenClaims: false,
  features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true } },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      email: `${id}@example.com`,
      email_verified: true,
      name: id,
      groups: ['CS leads'],
    }),
  }),
  // Its own refuses to call this machine.
  fetch: (url, options) => globalThis.fetch(url, { ...options, dispatcher: undefined }),
})
provider.on('server_error', (_, error) => console.error(error))
provider.on('backchannel.error', (_, error) => console.error(error))
provider.listen(port, '127.0.0.1', () => console.log('ready'))
